package io.cleave.sync;

import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Ends, or is killed, with a named lock of its own, held or not. */
@SuppressWarnings({"LockNotBeforeTry", "SystemOut"})
final class HeldNameMain {
    private HeldNameMain() {
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("killed-writing")) {
            SharedReadWriteLock.named(arguments[1]).writeLock().lock();
            System.out.println("held");
            Thread.sleep(Long.MAX_VALUE);
        }
        SharedMutex mutex = SharedMutex.named(arguments[1]);
        switch (arguments[0]) {
            case "killed" -> {
                mutex.lock();
                System.out.println("held");
                Thread.sleep(Long.MAX_VALUE);
            }
            case "ends-held" -> {
                mutex.lock();
                Runtime.getRuntime().addShutdownHook(new Thread(HeldNameMain::awaitLine));
                System.out.println("held");
                System.exit(0);
            }
            case "ends-free" -> {
                Path block = Path.of(System.getenv("CLEAVE_DIR"), "cleave." + arguments[1]);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    boolean isGone = Delays.within(Delays.PATIENCE, () -> !Files.exists(block));
                    System.out.println("gone " + isGone + ", locked " + mutex.tryLock());
                }));
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** What an orderly program does at its end: it waits for work that is under way. */
    private static void awaitLine() {
        try {
            int _ = System.in.read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
