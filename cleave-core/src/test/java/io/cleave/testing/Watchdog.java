package io.cleave.testing;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/**
 * Shows what all JVMs of the run are doing when a test exceeds its time, before JUnit interrupts it. A test that does not
 * react to the interrupt, as in a system call that starts over, would hold up the build for ever: its JVM is ended.
 */
public final class Watchdog implements PreInterruptCallback, AfterEachCallback, AfterAllCallback {

    static final int EXIT_CODE = 124;

    /** The unique id of the test that was interrupted and has not ended yet, or null. */
    private final AtomicReference<String> interrupted = new AtomicReference<>();

    @Override
    public void beforeThreadInterrupt(PreInterruptContext interrupt, ExtensionContext context) {
        String id = context.getUniqueId();
        System.err.println("Stuck: " + id + " in thread " + interrupt.getThreadToInterrupt().getName());
        System.err.println(ThreadDump.ofAllProcesses());
        interrupted.set(id);
        Thread.ofPlatform().daemon().name("watchdog").start(() -> endUnlessEscaped(id));
    }

    private void endUnlessEscaped(String id) {
        if (!Delays.within(Delays.PATIENCE, () -> !id.equals(interrupted.get()))) {
            System.err.println("Not even interrupted did it end; ending this JVM: " + id);
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            RunDirectory.delete();
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        interrupted.set(null);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        interrupted.set(null);
    }
}
