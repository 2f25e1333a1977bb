package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The table of members when others have filled it. */
final class SeatsTest {
    private static final long TOTAL_AT = GuardedLayout.fieldAt(0);
    private final Arena arena = Arena.ofShared();
    private MemorySegment memory;
    private SharedSemaphore semaphore;

    @BeforeEach
    void open() {
        memory = arena.allocate(GuardedLayout.BYTES, 64);
        semaphore = SharedSemaphore.at(memory, 3);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /** Members that cannot be told from living ones without a look at their slots. */
    private void fill(long count) {
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            GuardedLayout.longRelease(memory, GuardedLayout.memberAt(i), ParticipantsLayout.process(4000, i) | count);
        }
        GuardedLayout.longRelease(memory, TOTAL_AT, 3 + GuardedLayout.MEMBERS * count);
    }

    private long ownMembers() {
        long own = 0;
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            long member = GuardedLayout.longOpaque(memory, GuardedLayout.memberAt(i));
            own += (member & ParticipantsLayout.PROCESS) == Participants.process() ? 1 : 0;
        }
        return own;
    }

    @Test
    void aProcessKeepsItsPlace() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            semaphore.acquire();
            semaphore.release();
            assertThat(ownMembers()).isOne();
        }
    }

    @Test
    void whoHoldsNothingMakesRoomForOthers() throws InterruptedException {
        fill(0);
        semaphore.acquire(2);
        assertThat(ownMembers()).isOne();
        semaphore.release(2);
        assertThat(semaphore.availablePermits()).isEqualTo(3);
    }

    @Test
    void whoHoldsSomethingDoesNot() {
        fill(1);
        assertThatThrownBy(semaphore::tryAcquire).isInstanceOf(IllegalStateException.class).hasMessageContaining("64");
        assertThat(semaphore.availablePermits()).isEqualTo(3);
    }

    @Test
    void whoOnlyReleasesNeedsNoPlace() {
        fill(1);
        semaphore.release(2);
        assertThat(ownMembers()).isZero();
        assertThat(semaphore.availablePermits()).isEqualTo(5);
    }
}
