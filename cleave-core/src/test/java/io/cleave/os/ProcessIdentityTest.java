package io.cleave.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.ProcessIdentity.Liveness;
import io.cleave.testing.Delays;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class ProcessIdentityTest {

    @Test
    void theCallerIsAlive() {
        ProcessIdentity self = ProcessIdentity.current();
        assertThat(self.pid()).isEqualTo((int) ProcessHandle.current().pid());
        assertThat(self.liveness()).isEqualTo(Liveness.ALIVE);
        assertThat(ProcessIdentity.of(self.pid())).isEqualTo(self);
    }

    @Test
    void aRunningProcessIsAliveUntilItEnds() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sleep", "100").start();
        ProcessIdentity identity = ProcessIdentity.of((int) process.pid());
        try {
            assertThat(identity).isNotNull();
            assertThat(identity.liveness()).isEqualTo(Liveness.ALIVE);
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(identity.liveness()).isEqualTo(Liveness.DEAD);
        assertThat(ProcessIdentity.of(identity.pid())).isNull();
    }

    @Test
    void aZombieIsDead() throws IOException {
        // The shell's child ends and is never waited for, as the shell has become another program.
        Process parent = new ProcessBuilder("sh", "-c", "sleep 0.2 & echo $!; exec sleep 100").start();
        try (var output = parent.inputReader(UTF_8)) {
            int pid = Integer.parseInt(output.readLine());
            ProcessIdentity child = ProcessIdentity.of(pid);
            assertThat(child).isNotNull();
            assertThat(Delays.within(Delays.PATIENCE, () -> child.liveness() == Liveness.DEAD)).isTrue();
            assertThat(ProcFs.status("/proc/" + pid)).isNotNull().matches(ProcFs.ProcessStatus::hasEnded);
            assertThat(ProcessIdentity.of(pid)).isNull();
        } finally {
            parent.destroyForcibly();
        }
    }

    @Test
    void aReusedNumberIsNotTakenForTheOneThatHadItBefore() {
        ProcessIdentity self = ProcessIdentity.current();
        ProcessIdentity predecessor = new ProcessIdentity(self.pid(), self.startTicks() - 1, self.pidNamespace());
        assertThat(predecessor.liveness()).isEqualTo(Liveness.DEAD);
    }

    @Test
    void threadsThatCannotBeListedProveOnlyTheEndOfWhatIsGone() {
        ProcessIdentity self = ProcessIdentity.current();
        assertThat(self.isEachExiting(new int[0])).isFalse();
        ProcessIdentity gone = new ProcessIdentity(Integer.MAX_VALUE, self.startTicks(), self.pidNamespace());
        assertThat(gone.isEachExiting(new int[0])).isTrue();
    }

    @Test
    void nothingIsSaidOfAnotherPidNamespace() {
        ProcessIdentity self = ProcessIdentity.current();
        ProcessIdentity elsewhere = new ProcessIdentity(self.pid(), self.startTicks(), self.pidNamespace() + 1);
        assertThat(elsewhere.liveness()).isEqualTo(Liveness.UNKNOWN);
    }
}
