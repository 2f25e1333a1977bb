package io.cleave.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A ring between two processes that have a block in common. */
final class RingProcessesTest {
    private static final String NAME = "ring-test";

    /** The ring, with the bell of its consumer behind it. */
    private record Channel(Ring ring, Doorbell bell) {
        static Channel in(MemorySegment memory, int capacity) {
            return new Channel(new Ring(memory, capacity),
                    new Doorbell(memory.asSlice(Ring.bytesFor(capacity), Doorbell.BYTES)));
        }

        static long bytesFor(int capacity) {
            return Ring.bytesFor(capacity) + Doorbell.BYTES;
        }

        /** Goes to the next frame; false where none comes for long. */
        boolean await(Ring.Consumer consumer) {
            long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
            while (!consumer.next()) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                int ticket = bell.prepare();
                if (consumer.isReadable()) {
                    bell.cancel();
                } else {
                    bell.sleep(ticket, System.nanoTime() + 50_000_000L);
                }
            }
            return true;
        }
    }

    /** Writes frames: the capacity, the count and the seed are its arguments. */
    static final class Writer {
        public static void main(String[] arguments) {
            int capacity = Integer.parseInt(arguments[0]);
            try (SharedMemory block = SharedMemory.open(NAME)) {
                Channel channel = Channel.in(block.segment(), capacity);
                Ring.Producer producer = channel.ring.producer(channel.bell, () -> true);
                FrameSequence frames = new FrameSequence(Long.parseLong(arguments[2]), 4 * capacity);
                for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                    frames.write(producer);
                    if (producer.isHalfFull()) {
                        producer.flush();
                    }
                }
                producer.flush();
                System.out.println("written");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 1 << 16})
    void framesOfAllSizesArriveOnceInOrderAndIntactFromAnotherProcess(int capacity) throws InterruptedException {
        int count = 10_000_000 / capacity;
        try (SharedMemory block = SharedMemory.create(NAME, Channel.bytesFor(capacity));
                ChildJvm writer = ChildJvm.start(Writer.class, "" + capacity, "" + count, "5")) {
            Channel channel = Channel.in(block.segment(), capacity);
            Ring.Consumer consumer = channel.ring.consumer();
            FrameSequence expected = new FrameSequence(5, 4 * capacity);
            for (int i = 0; i < count; i++) {
                assertThat(channel.await(consumer)).as("frame %d comes, of %s", i, writer).isTrue();
                assertThat(expected.compare(consumer)).isEmpty();
            }
            writer.awaitLine("written");
            assertThat(consumer.next()).isFalse();
            assertThat(writer.awaitExit()).isZero();
        }
    }

    /** Takes the first frame and sleeps. */
    static final class Reader {
        public static void main(String[] arguments) {
            try (SharedMemory block = SharedMemory.open(NAME)) {
                Channel channel = Channel.in(block.segment(), 1024);
                if (channel.await(channel.ring.consumer())) {
                    System.out.println("taken");
                }
                Delays.pause(Delays.PATIENCE);
            }
        }
    }

    @Test
    void aKilledConsumerIsNoticedByTheProducerThatWaitsForRoom() throws InterruptedException {
        try (SharedMemory block = SharedMemory.create(NAME, Channel.bytesFor(1024));
                ChildJvm reader = ChildJvm.start(Reader.class)) {
            Channel channel = Channel.in(block.segment(), 1024);
            Ring.Producer producer = channel.ring.producer(channel.bell, () -> reader.handle().isAlive());
            producer.write(1, 0, 0);
            producer.flush();
            reader.awaitLine("taken");
            reader.kill();
            assertThatThrownBy(() -> producer.write(2, new byte[5000], 0, 5000))
                    .isInstanceOf(WorkerDiedException.class);
        }
    }

    @Test
    void whatAKilledProducerHadPublishedIsWhole() throws InterruptedException {
        int capacity = 1 << 16;
        try (SharedMemory block = SharedMemory.create(NAME, Channel.bytesFor(capacity))) {
            Channel channel = Channel.in(block.segment(), capacity);
            for (int round = 0; round < 3; round++) {
                channel.ring.reset();
                Ring.Consumer consumer = channel.ring.consumer();
                FrameSequence expected = new FrameSequence(round, 4 * capacity);
                try (ChildJvm writer = ChildJvm.start(Writer.class, "" + capacity, "" + Integer.MAX_VALUE,
                        "" + round)) {
                    for (int i = 0; i < 500 * (round + 1); i++) {
                        assertThat(channel.await(consumer)).as("frame %d comes, of %s", i, writer).isTrue();
                        assertThat(expected.compare(consumer)).isEmpty();
                    }
                    writer.kill();
                }
                while (consumer.next()) {
                    assertThat(expected.compare(consumer)).isEmpty();
                }
            }
        }
    }
}
