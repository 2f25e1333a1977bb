package io.cleave.fission;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.channel.Doorbell;
import io.cleave.channel.Ring;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Pins what a run shares with its children. */
final class RunMemoryTest {
    private static final int CHILDREN = 3;

    @Test
    void aFreshSlotHasBegunNothing() {
        try (RunMemory memory = new RunMemory(1)) {
            RunMemory.Slot slot = memory.slot(0);
            slot.reset(5);
            assertThat(slot.itemsAcquire()).isZero();
            assertThat(slot.index()).isEqualTo(-1);
            assertThat(slot.since()).isEqualTo(5);
            assertThat(slot.dirtiedAcquire()).isZero();
            assertThat(slot.largest()).isZero();
            assertThat(slot.isAskedToLeave()).isFalse();
        }
    }

    @Test
    void theTimeOfAWaitIsNotTheItems() {
        try (RunMemory memory = new RunMemory(1)) {
            RunMemory.Slot slot = memory.slot(0);
            slot.reset(0);
            slot.begin(1, 0, 1000);
            slot.waitBegins(1500);
            assertThat(slot.isWaiting()).isTrue();
            assertThat(memory.memory.get(JAVA_LONG, 64 + 56)).isEqualTo(1500);
            slot.waitEnds(2500);
            assertThat(slot.isWaiting()).isFalse();
            assertThat(slot.since()).isEqualTo(2000);
        }
    }

    @Test
    void noTimeRunsBetweenItems() {
        try (RunMemory memory = new RunMemory(1)) {
            RunMemory.Slot slot = memory.slot(0);
            slot.reset(0);
            slot.begin(1, 0, 1000);
            assertThat(slot.taken(1500)).isEqualTo(500);
            slot.stopTime();
            slot.waitBegins(1500);
            slot.waitEnds(2500);
            assertThat(slot.isUntimed()).isTrue();
            assertThat(slot.taken(-5)).isZero();
            slot.begin(2, 1, 3000);
            assertThat(slot.taken(3100)).isEqualTo(100);
        }
    }

    @Test
    void theHookBeginsOnce() {
        try (RunMemory memory = new RunMemory(1)) {
            RunMemory.Slot slot = memory.slot(0);
            slot.reset(0);
            slot.start();
            assertThat(slot.hasStarted()).isTrue();
            assertThat(slot.hasBegun()).isFalse();
            slot.hookBegins(1000);
            assertThat(slot.isInHook()).isTrue();
            slot.hookEnds(2000);
            assertThat(slot.isInHook()).isFalse();
            assertThat(slot.hasStarted()).isTrue();
            assertThat(slot.hasBegun()).isTrue();
        }
    }

    /** Else an item that has just begun has taken as long as the one before. */
    @Test
    void whoSeesAnItemSeesWhenItWasBegun() throws InterruptedException {
        int items = 2_000_000;
        try (RunMemory memory = new RunMemory(1)) {
            RunMemory.Slot slot = memory.slot(0);
            slot.reset(-1);
            Thread child = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < items; i++) {
                    slot.begin(i, i, i);
                }
            });
            long index = -1;
            long tooEarly = 0;
            while (index < items - 1) {
                index = slot.index();
                tooEarly += slot.since() < index ? 1 : 0;
            }
            child.join();
            assertThat(tooEarly).as("items that were begun too early").isZero();
        }
    }

    @Test
    void everyFieldIsWhereItIsDescribed() {
        try (RunMemory memory = new RunMemory(CHILDREN)) {
            for (int child = 0; child < CHILDREN; child++) {
                RunMemory.Slot slot = memory.slot(child);
                slot.reset(0);
                slot.begin(child + 0x0102030405060708L, 0x1112131415161718L, 0x2122232425262728L);
                slot.dirtiedRelease(0x3132333435363738L);
                slot.largestOpaque(0x4142434445464748L);
                slot.askToLeave();
                slot.verdict(child + 3, DeadlockProof.Verdict.UNPROVEN);
                MemorySegment bytes = memory.memory.asSlice(64 + 128L * child, 128);
                assertThat(bytes.get(JAVA_LONG, 0)).isEqualTo(child + 0x0102030405060708L)
                        .isEqualTo(slot.itemsAcquire());
                assertThat(bytes.get(JAVA_LONG, 8)).isEqualTo(0x1112131415161718L).isEqualTo(slot.index());
                assertThat(bytes.get(JAVA_LONG, 16)).isEqualTo(0x2122232425262728L).isEqualTo(slot.since());
                assertThat(bytes.get(JAVA_LONG, 24)).isEqualTo(0x3132333435363738L).isEqualTo(slot.dirtiedAcquire());
                assertThat(bytes.get(JAVA_INT, 32)).isEqualTo(1);
                assertThat(bytes.get(JAVA_LONG, 40)).isEqualTo(0x4142434445464748L).isEqualTo(slot.largest());
                assertThat(slot.isAskedToLeave()).isTrue();
                assertThat(bytes.get(JAVA_LONG, 64)).isEqualTo(4L * (child + 3) + 2);
                assertThat(slot.verdict(child + 3)).isEqualTo(DeadlockProof.Verdict.UNPROVEN);
                assertThat(slot.verdict(child + 4)).as("about another item").isEqualTo(DeadlockProof.Verdict.OPEN);
                slot.reset(0);
                assertThat(bytes.get(JAVA_LONG, 0)).isZero();
            }
        }
    }

    @Test
    void ringsLieBehindTheSlotsAndDoNotOverlap() {
        try (RunMemory memory = new RunMemory(CHILDREN)) {
            long ring = Ring.bytesFor(RunMemory.RING_BYTES);
            assertThat(memory.memory.byteSize()).isEqualTo(64 + CHILDREN * (128 + ring + SideBuffer.byteSize()));
            assertThat(memory.memory.address() % 4096).isZero();
            for (int child = 0; child < CHILDREN; child++) {
                byte[] payload = {(byte) (child + 1)};
                memory.ring(child).producer(memory.bell(), () -> true).write(1, payload, 0, 1);
            }
            for (int child = 0; child < CHILDREN; child++) {
                long start = 64 + 128 * CHILDREN + child * ring;
                assertThat(memory.memory.get(JAVA_LONG, start)).as("head").isEqualTo(16);
                assertThat(memory.memory.get(JAVA_BYTE, start + ring - RunMemory.RING_BYTES + 8))
                        .isEqualTo((byte) (child + 1));
            }
            assertThat(Doorbell.BYTES).isEqualTo(64);
            assertThat(RunMemory.RING_BYTES).isEqualTo(1 << 20);
        }
    }
}
