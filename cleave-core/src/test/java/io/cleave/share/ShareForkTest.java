package io.cleave.share;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.BlockNotFoundException;
import io.cleave.WorkerDiedException;
import io.cleave.fission.Fission;
import io.cleave.memory.Cleanup;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Forked children and the values that their parent wrote and reads. */
final class ShareForkTest extends ShareTestBase {
    @Test
    void aChildThatClosesItsParentsLeaseEndsNothing() {
        float[] values = floats(5000, 7);
        String token = Share.write(values, SHARED);
        Share.open(token, MemorySegment.class).close(); // a child had better not load classes
        Lease<MemorySegment> lease = Share.open(token, MemorySegment.class);
        MemorySegment view = lease.value();
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            assertThat(fission.map(List.of(0, 4999), i -> {
                lease.close();
                return (double) view.getAtIndex(JAVA_FLOAT, i);
            })).containsExactly((double) values[0], (double) values[4999]);
        }
        assertThat(view.getAtIndex(JAVA_FLOAT, 17)).isEqualTo(values[17]);
        lease.close();
        assertThat(Share.free(token)).isTrue();
    }

    @Test
    void childrenLookAtTheirParentsViewsAndTheirEndsEndNothing() {
        float[] values = floats(5000, 7);
        String token = Share.write(values, SHARED);
        MemorySegment view = read(token, MemorySegment.class);
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            assertThat(fission.map(List.of(0, 17, 4999), i -> (double) view.getAtIndex(JAVA_FLOAT, i)))
                    .containsExactly((double) values[0], (double) values[17], (double) values[4999]);
            assertThatThrownBy(() -> fission.map(List.of(0), i -> Signals.kill(Unistd.getpid(), Signals.SIGKILL)))
                    .isInstanceOf(WorkerDiedException.class);
        }
        assertThat(Cleanup.run().cleaned()).isEmpty();
        assertThat(read(token, float[].class)).isEqualTo(values);
        assertThat(view.getAtIndex(JAVA_FLOAT, 4999)).isEqualTo(values[4999]);
        assertThat(Share.free(token)).isTrue();
        assertThatThrownBy(() -> Share.read(token, float[].class)).isInstanceOf(BlockNotFoundException.class);
    }
}
