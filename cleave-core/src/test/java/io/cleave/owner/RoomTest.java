package io.cleave.owner;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Futex;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Virtual threads that sleep go on, whatever becomes of the thread that waits for them. */
final class RoomTest {
    private final Arena arena = Arena.ofShared();
    private final AtomicInteger asked = new AtomicInteger();

    @AfterEach
    void free() {
        arena.close();
    }

    private SharedCell cell() {
        return new SharedCell(arena.allocate(Long.BYTES, Long.BYTES), 0);
    }

    private Room room(int entries, ThreadFactory threads) {
        return new Room(arena.allocate((long) entries * Futex.WAITV_ENTRY_BYTES, 8), cell(), threads);
    }

    private static Background<Void> sleeper(Room room, SharedCell cell) {
        return Background.runVirtual(() -> {
            while (cell.get() == 0) {
                boolean _ = room.sleep(cell, 0, Patience.FOREVER, () -> false);
            }
        });
    }

    @Test
    void theyLookForThemselvesWhileNoThreadCanBeStarted() throws Exception {
        SharedCell cell = cell();
        Room room = room(Futex.WAITV_MAX, _ -> {
            asked.incrementAndGet();
            throw new OutOfMemoryError("unable to create native thread");
        });
        Background<Void> sleeper = sleeper(room, cell).staysBlocked();
        assertThat(Delays.within(Delays.PATIENCE, () -> asked.get() > 2)).isTrue();
        assertThat(cell.cas(0, 1)).isTrue(); // nobody is woken
        sleeper.get();
        assertThat(room.sleep(cell, 1, Patience.of(Duration.ofMillis(20)), () -> false)).isFalse();
        assertThat(room.sleep(cell, 1, Patience.FOREVER, () -> true)).isTrue();
    }

    @Test
    void theyStartAnotherThreadWhereOneDies() throws Exception {
        SharedCell cell = cell();
        Room room = room(0, serve -> { // no room for the words: it fails at once
            asked.incrementAndGet();
            Thread thread = new Thread(serve, "dying-waiter");
            thread.setDaemon(true);
            thread.setUncaughtExceptionHandler((_, _) -> {});
            return thread;
        });
        Background<Void> sleeper = sleeper(room, cell);
        assertThat(Delays.within(Delays.PATIENCE, () -> asked.get() > 2)).isTrue();
        assertThat(cell.cas(0, 1)).isTrue();
        sleeper.get();
    }

    @Test
    void oneThatCannotBeStartedAtFirstIsStartedLater() throws Exception {
        SharedCell cell = cell();
        Room room = room(Futex.WAITV_MAX, serve -> {
            if (asked.incrementAndGet() < 3) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            Thread thread = new Thread(serve, "late-waiter");
            thread.setDaemon(true);
            return thread;
        });
        Background<Void> sleeper = sleeper(room, cell);
        assertThat(Delays.within(Delays.PATIENCE, () -> asked.get() == 3)).isTrue();
        sleeper.staysBlocked();
        assertThat(asked).hasValue(3);
        assertThat(cell.cas(0, 1)).isTrue();
        cell.wake(1);
        sleeper.get();
        assertThat(Delays.within(Delays.PATIENCE, () -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("late-waiter")))).isTrue(); // before the memory goes
    }
}
