package io.cleave.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A ring between two threads of one process. */
final class RingTest {
    private static final int CAPACITY = 1024;

    private final Doorbell bell = new Doorbell(Arena.ofAuto().allocate(Doorbell.BYTES, 64));

    private static Ring ring(int capacity) {
        return new Ring(Arena.ofAuto().allocate(Ring.bytesFor(capacity), 64), capacity);
    }

    private Ring.Producer producer(Ring ring) {
        return ring.producer(bell, () -> true);
    }

    /** Goes to the next frame, sleeping at the bell as long as there is none; false where none comes for long. */
    private boolean await(Ring.Consumer consumer) {
        long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
        while (!consumer.next()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            int ticket = bell.prepare();
            if (consumer.isReadable()) {
                bell.cancel();
            } else {
                bell.sleep(ticket, System.nanoTime() + 50_000_000L); // who does not flush does not ring
            }
        }
        return true;
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 4096, 65536})
    void framesOfAllSizesArriveOnceInOrderAndIntact(int capacity) throws Exception {
        int count = 20_000_000 / capacity;
        int most = 4 * capacity;
        Ring ring = ring(capacity);
        FutureTask<Void> writer = new FutureTask<>(() -> {
            Ring.Producer producer = producer(ring);
            FrameSequence frames = new FrameSequence(capacity, most);
            Random pauses = new Random(1);
            for (int i = 0; i < count; i++) {
                frames.write(producer);
                if (producer.isHalfFull() || pauses.nextInt(20) == 0) {
                    producer.flush();
                }
            }
            producer.flush();
        }, null);
        Thread thread = Thread.ofPlatform().start(writer);
        Ring.Consumer consumer = ring.consumer();
        FrameSequence expected = new FrameSequence(capacity, most);
        for (int i = 0; i < count; i++) {
            assertThat(await(consumer)).as("frame %d comes", i).isTrue();
            assertThat(expected.compare(consumer)).isEmpty();
        }
        writer.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        thread.join();
        assertThat(consumer.next()).isFalse();
        assertThat(consumer.isReadable()).isFalse();
    }

    /** Every way in which a frame can lie across the ring's end. */
    @Test
    void framesWrapAroundTheEnd() {
        byte[] payload = new byte[CAPACITY / 4];
        new Random(2).nextBytes(payload);
        for (int start = 0; start < CAPACITY; start += 8) {
            Ring ring = ring(CAPACITY);
            Ring.Producer producer = producer(ring);
            Ring.Consumer consumer = ring.consumer();
            for (int moved = 0; moved < start; moved += 8) {
                producer.write(1, 0, 0);
                assertThat(consumer.next()).isTrue();
            }
            for (int size : new int[] {0, 1, 7, 8, 9, 100, CAPACITY / 4 - 1, CAPACITY / 4}) {
                producer.write(2, payload, 0, size);
                producer.write(3, 8, size);
                assertThat(consumer.next()).isTrue();
                assertThat(consumer.kind()).isEqualTo(2);
                byte[] received = Arrays.copyOfRange(consumer.bytes(), consumer.offset(),
                        consumer.offset() + consumer.length());
                assertThat(received).as("start %d, size %d", start, size).isEqualTo(Arrays.copyOf(payload, size));
                assertThat(consumer.next()).isTrue();
                assertThat(RingValues.getLong(consumer.bytes(), consumer.offset())).isEqualTo(size);
            }
        }
    }

    @Test
    void framesThatFillTheRingToTheLastByteFit() {
        Ring ring = ring(CAPACITY);
        Ring.Producer producer = producer(ring);
        Ring.Consumer consumer = ring.consumer();
        byte[] quarter = new byte[CAPACITY / 4 - 8];
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 4; i++) {
                assertThat(producer.isHalfFull()).isEqualTo(i == 3);
                producer.write(i, quarter, 0, quarter.length);
            }
            for (int i = 0; i < 4; i++) {
                assertThat(consumer.next()).isTrue();
                assertThat(consumer.kind()).isEqualTo(i);
                assertThat(consumer.length()).isEqualTo(quarter.length);
            }
            assertThat(consumer.next()).isFalse();
        }
    }

    @Test
    void aFullRingBlocksTheProducerUntilThereIsRoom() throws Exception {
        Ring ring = ring(CAPACITY);
        AtomicInteger written = new AtomicInteger();
        FutureTask<Void> writer = new FutureTask<>(() -> {
            Ring.Producer producer = producer(ring);
            for (int i = 0; i < 1000; i++) {
                producer.write(1, 8, i);
                written.incrementAndGet();
            }
        }, null);
        Thread thread = Thread.ofPlatform().start(writer);
        assertThat(Delays.within(Delays.PATIENCE, () -> written.get() == CAPACITY / 16)).isTrue();
        Delays.pause(Delays.SHORT.multipliedBy(4)); // longer than a producer sleeps at a time
        assertThat(written).hasValue(CAPACITY / 16);
        Ring.Consumer consumer = ring.consumer();
        for (int i = 0; i < 1000; i++) {
            assertThat(Delays.within(Delays.PATIENCE, consumer::next)).isTrue();
            assertThat(RingValues.getLong(consumer.bytes(), consumer.offset())).isEqualTo(i);
        }
        writer.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        thread.join();
    }

    @Test
    void theProducerLearnsOfTheDeathOfItsConsumer() throws Exception {
        Ring ring = ring(CAPACITY);
        AtomicBoolean lives = new AtomicBoolean(true);
        AtomicInteger asked = new AtomicInteger();
        FutureTask<Void> writer = new FutureTask<>(() -> {
            Ring.Producer producer = ring.producer(bell, () -> {
                asked.incrementAndGet();
                return lives.get();
            });
            for (int i = 0; i < 1000; i++) {
                producer.write(1, 8, i);
            }
        }, null);
        Thread thread = Thread.ofPlatform().start(writer);
        assertThat(Delays.within(Delays.PATIENCE, () -> asked.get() > 1)).as("asks as long as it waits").isTrue();
        assertThat(writer.isDone()).isFalse();
        lives.set(false);
        assertThatThrownBy(() -> writer.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).cause()
                .isInstanceOf(WorkerDiedException.class);
        thread.join();
    }

    @Test
    void aProducerWithRoomDoesNotAskForItsConsumer() {
        Ring ring = ring(CAPACITY);
        Ring.Producer producer = ring.producer(bell, () -> {
            throw new AssertionError("asked");
        });
        for (int i = 0; i < CAPACITY / 16; i++) {
            producer.write(1, 8, i);
        }
        Ring.Consumer consumer = ring.consumer();
        int count = 0;
        while (consumer.next()) {
            count++;
        }
        assertThat(count).isEqualTo(CAPACITY / 16);
    }

    @Test
    void whatADeadProducerHadPublishedIsThereAndAHalfWrittenFrameIsNot() {
        Ring ring = ring(CAPACITY);
        Ring.Producer producer = ring.producer(bell, () -> false); // it "dies" in the middle of the large frame
        producer.write(1, 8, 42);
        assertThatThrownBy(() -> producer.write(2, new byte[10 * CAPACITY], 0, 10 * CAPACITY))
                .isInstanceOf(WorkerDiedException.class);
        Ring.Consumer consumer = ring.consumer();
        assertThat(consumer.next()).isTrue();
        assertThat(consumer.kind()).isEqualTo(1);
        assertThat(consumer.isReadable()).isTrue();
        assertThat(consumer.next()).isFalse();
        ring.reset();
        Ring.Producer successor = producer(ring);
        Ring.Consumer fresh = ring.consumer();
        assertThat(fresh.isReadable()).isFalse();
        successor.write(3, new byte[] {1}, 0, 1);
        assertThat(fresh.next()).isTrue();
        assertThat(fresh.kind()).isEqualTo(3);
        assertThat(fresh.length()).isEqualTo(1);
        assertThat(fresh.next()).isFalse();
    }

    @Test
    void whoComesLaterGoesOnWhereTheLastOneStood() {
        Ring ring = ring(CAPACITY);
        producer(ring).write(1, 0, 0);
        assertThat(ring.consumer().next()).isTrue();
        producer(ring).write(2, 0, 0);
        Ring.Consumer later = ring.consumer();
        assertThat(later.next()).isTrue();
        assertThat(later.kind()).isEqualTo(2);
        producer(ring).write(3, 0, 0);
        assertThat(later.next()).isTrue();
        assertThat(later.kind()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1, 512, 1023, 1025, 3 << 10, Integer.MAX_VALUE})
    void aCapacityThatIsNoPowerOfTwoOrTooSmallIsRefusedByItsValue(int capacity) {
        MemorySegment memory = Arena.ofAuto().allocate(Ring.bytesFor(1 << 12), 64);
        assertThatIllegalArgumentException().isThrownBy(() -> new Ring(memory, capacity))
                .withMessageContaining("" + capacity).withMessageContaining("power of two");
    }

    /** Twice a length above 1 GiB was less than nothing, so that each piece had all before it copied. */
    @Test
    void whatIsPutTogetherGrowsToTwiceItsLengthUpToTheLongestArray() {
        assertThat(Ring.grown(0, 10)).isEqualTo(10);
        assertThat(Ring.grown(1 << 20, (1 << 20) + 1)).isEqualTo(1 << 21);
        assertThat(Ring.grown((1 << 30) + 1, (1 << 30) + 2)).isEqualTo(Integer.MAX_VALUE - 8);
        assertThat(Ring.grown(Integer.MAX_VALUE - 8, Integer.MAX_VALUE - 2)).isEqualTo(Integer.MAX_VALUE - 2);
    }
}
