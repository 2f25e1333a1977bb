package io.cleave.owner;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class EventCountTest {
    private final AtomicInteger announced = new AtomicInteger();
    private final EventCount waiting = new EventCount(new EventCount.Sleepers() {
        @Override
        public void announce(boolean needsSeveral) {
            announced.incrementAndGet();
        }

        @Override
        public int take(int count) {
            return 0;
        }
    }, new SharedCell(Arena.ofAuto().allocate(Long.BYTES, Long.BYTES), 0), new Gate());

    /** Something that can be done at the nth try, and seems worth trying from the first on. */
    private record Nth(int n, AtomicInteger tries) implements EventCount.Attempt<RuntimeException> {
        @Override
        public boolean isDone() {
            return tries.incrementAndGet() >= n;
        }

        @Override
        public boolean isPromising() {
            return true;
        }

        @Override
        public boolean isSuspicious() {
            return false;
        }

        @Override
        public boolean isMoreThere() {
            return false;
        }

        @Override
        public boolean needsSeveral() {
            return false;
        }
    }

    @Test
    void whoFindsItByLookingLeavesNoMarkThatCostsTheNextASystemCall() throws InterruptedException {
        assertThat(waiting.await(new Nth(2, new AtomicInteger()), Patience.FOREVER)).isTrue();
        assertThat(announced).hasValue(0);
    }

    @Test
    void whoDoesNotGetWhatItSawMarksThatItMaySleep() throws InterruptedException {
        assertThat(waiting.await(new Nth(3, new AtomicInteger()), Patience.FOREVER)).isTrue();
        assertThat(announced).hasValue(1);
    }
}
