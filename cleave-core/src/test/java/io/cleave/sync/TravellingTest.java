package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.BlockNotFoundException;
import io.cleave.pool.ProcessPool;
import io.cleave.share.Share;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Named objects travel to other processes by their names. */
@SuppressWarnings("LockNotBeforeTry")
final class TravellingTest {
    private static final String NAME = "travelling";

    /** Something that holds such an object. */
    record Job(SharedSemaphore permits, SharedEvent done) implements Serializable {}

    private static byte[] written(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    private static Object read(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return in.readObject();
        }
    }

    @SuppressWarnings("unchecked") // it has the same class
    private static <T> T copy(T object) throws IOException, ClassNotFoundException {
        return (T) read(written(object));
    }

    @Test
    void whatArrivesIsAnotherHandleOnTheSameObject() throws Exception {
        try (SharedMutex mutex = SharedMutex.named(NAME); SharedMutex copy = copy(mutex)) {
            mutex.lock();
            assertThat(copy.isHeldByCurrentThread()).isTrue();
            copy.unlock();
        }
        try (SharedSemaphore semaphore = SharedSemaphore.named(NAME, 5);
                SharedSemaphore copy = copy(semaphore);
                SharedSemaphore signal = copy(semaphore.asSignal())) {
            copy.acquire(2);
            signal.acquire();
            assertThat(semaphore.availablePermits()).isEqualTo(2);
            assertThatThrownBy(() -> copy.disown(3)).hasMessageContaining("holds 2");
            signal.release();
            copy.release(2);
        }
        try (SharedReadWriteLock lock = SharedReadWriteLock.named(NAME); SharedReadWriteLock copy = copy(lock)) {
            lock.readLock().lock();
            assertThat(copy.getReadHoldCount()).isOne();
            copy.readLock().unlock();
        }
        try (SharedEvent event = SharedEvent.named(NAME); SharedEvent copy = copy(event)) {
            copy.set();
            assertThat(event.isSet()).isTrue();
        }
        try (SharedCountDownLatch latch = SharedCountDownLatch.named(NAME, 3);
                SharedCountDownLatch copy = copy(latch)) {
            copy.countDown();
            assertThat(latch.getCount()).isEqualTo(2);
        }
        try (SharedBarrier barrier = SharedBarrier.named(NAME, 3); SharedBarrier copy = copy(barrier)) {
            assertThat(copy.getParties()).isEqualTo(3);
        }
        try (SharedAtomicInt number = SharedAtomicInt.named(NAME); SharedAtomicInt copy = copy(number)) {
            assertThat(copy.incrementAndGet()).isEqualTo(number.get());
        }
        try (SharedAtomicLong number = SharedAtomicLong.named(NAME); SharedAtomicLong copy = copy(number)) {
            assertThat(copy.incrementAndGet()).isEqualTo(number.get());
        }
    }

    @Test
    void whatHasNoNameIsRefusedWithTheRemedy() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(1024, 64);
            List<Object> all = List.of(SharedMutex.at(memory), SharedEvent.at(memory), SharedAtomicInt.at(memory));
            for (Object object : all) {
                assertThatThrownBy(() -> written(object)).isInstanceOf(NotSerializableException.class)
                        .hasMessageContaining("named(...)");
            }
        }
    }

    @Test
    void whatIsGoneIsNotMadeAnew() throws Exception {
        byte[] bytes;
        try (SharedSemaphore semaphore = SharedSemaphore.named(NAME, 5)) {
            bytes = written(semaphore);
        }
        assertThatThrownBy(() -> read(bytes)).isInstanceOf(BlockNotFoundException.class);
    }

    @Test
    void sharedValuesAndTasksOfPoolsTakeThemAlong() throws Exception {
        try (SharedMutex mutex = SharedMutex.named(NAME);
                SharedAtomicInt count = SharedAtomicInt.named(NAME + "-count");
                SharedSemaphore permits = SharedSemaphore.named(NAME + "-permits", 1);
                SharedEvent done = SharedEvent.named(NAME + "-done")) {
            Job job = Share.read(Share.write(new Job(permits, done)), Job.class);
            job.done().set();
            assertThat(done.isSet()).isTrue();
            job.permits().close();
            job.done().close();
            try (ProcessPool pool = ProcessPool.builder().workers(2).build()) {
                List<Integer> seen = pool.map(IntStream.range(0, 50).boxed().toList(), _ -> {
                    try (Hold _ = mutex.hold()) {
                        int before = count.getPlain();
                        count.setPlain(before + 1);
                        return before;
                    }
                });
                assertThat(seen).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 50).boxed().toList());
            }
            assertThat(count.get()).isEqualTo(50);
        }
    }
}
