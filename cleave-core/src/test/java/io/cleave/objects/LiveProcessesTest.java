package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A live object that several processes change and read at once. */
class LiveProcessesTest {
    private static final int PROCESSES = 3;
    private static final long MILLIS = 2_000;

    /** What belongs together. */
    interface Quote {
        long bid();

        void bid(long value);

        long ask();

        void ask(long value);

        String text();

        void text(String value);

        long updates();

        long incrementAndGetUpdates();
    }

    /** Updates and reads until the time is over, or it is killed. */
    static final class Changer {
        public static void main(String[] arguments) {
            long calls = 0;
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                Quote quote = heap.object("quote", Quote.class);
                System.out.println("ready");
                for (long end = System.nanoTime() + MILLIS * 1_000_000; System.nanoTime() - end < 0; calls++) {
                    if ((calls & 3) == 0) {
                        Live.update(quote, it -> {
                            long next = it.bid() + 1;
                            it.bid(next);
                            it.ask(next + 10);
                            it.text(text(next));
                        });
                        long _ = quote.incrementAndGetUpdates();
                    }
                    check(quote);
                }
            }
            System.out.println("calls " + calls);
        }

        private static String text(long bid) {
            return (bid & 1) == 0 ? "q" + bid % 1000 : "a text that takes a block " + bid;
        }

        static void check(Quote quote) {
            String wrong = Live.read(quote, it -> {
                long bid = it.bid();
                boolean isWhole = it.ask() == bid + 10 && it.text().equals(text(bid));
                return isWhole ? "" : bid + " " + it.ask() + " " + it.text();
            });
            if (!wrong.isEmpty()) {
                throw new AssertionError("half-done: " + wrong);
            }
        }
    }

    private static Quote make(SharedHeap heap) {
        Quote quote = heap.object("quote", Quote.class);
        Live.update(quote, it -> {
            it.ask(10);
            it.text("q0");
        });
        return quote;
    }

    private static void check(SharedHeap heap) {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    @Test
    void nobodySeesAnUpdateHalfDone() throws InterruptedException {
        try (SharedHeap heap = SharedHeap.create("quotes" + ProcessHandle.current().pid(), 16 << 20)) {
            Quote quote = make(heap);
            List<ChildJvm> jvms = new ArrayList<>();
            try {
                for (int i = 0; i < PROCESSES; i++) {
                    jvms.add(ChildJvm.start(List.of("-Xmx64m"), Changer.class, heap.name()));
                }
                for (ChildJvm jvm : jvms) {
                    assertThat(jvm.awaitExit()).as(jvm::toString).isZero();
                }
            } finally {
                jvms.forEach(ChildJvm::close);
            }
            Changer.check(quote);
            assertThat(quote.bid()).isPositive().isEqualTo(quote.updates());
            check(heap);
        }
    }

    @Test
    void noDeathLeavesAnUpdateHalfDone() throws InterruptedException {
        try (SharedHeap heap = SharedHeap.create("quotes" + ProcessHandle.current().pid(), 16 << 20)) {
            Quote quote = make(heap);
            for (int i = 0; i < PROCESSES; i++) {
                try (ChildJvm jvm = ChildJvm.start(List.of("-Xmx64m"), Changer.class, heap.name())) {
                    String _ = jvm.awaitLine("ready");
                    long before = quote.bid();
                    boolean _ = Delays.within(Delays.PATIENCE, () -> quote.bid() > before + 3);
                    jvm.kill();
                }
                Changer.check(quote);
                Live.update(quote, it -> it.text(it.text()));
                check(heap);
            }
            assertThat(quote.bid() - quote.updates()).isBetween(0L, (long) PROCESSES);
        }
    }

    /** Has an object open until it is told to end. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                Quote quote = heap.object("quote", Quote.class);
                System.out.println("ready");
                int _ = System.in.read();
                System.out.println("bid " + quote.bid());
            }
        }
    }

    @Test
    void theMemoryOfADroppedObjectIsFreeWhenNoLivingProcessHasItOpen() throws InterruptedException {
        try (SharedHeap heap = SharedHeap.create("quotes" + ProcessHandle.current().pid(), 16 << 20)) {
            try (ChildJvm jvm = ChildJvm.start(List.of("-Xmx64m"), Holder.class, heap.name())) {
                String _ = jvm.awaitLine("ready");
                long used = heap.verify().usedBytes();
                assertThat(heap.drop("quote")).isTrue();
                assertThat(heap.verify().usedBytes()).isEqualTo(used);
                check(heap);
                jvm.kill();
            }
            assertThat(heap.drop("quote")).isFalse();
            assertThat(heap.verify().usedBytes()).isEqualTo(RootLayout.TABLE_BYTES);
        }
    }
}
