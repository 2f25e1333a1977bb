package io.cleave.bench.example;

import io.cleave.bench.SubjectProcess;
import io.cleave.objects.HeapVerification;
import io.cleave.objects.Live;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedMap;
import io.cleave.objects.StructureType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Prices that one JVM changes and others watch, each as a whole: {@code ./bench example price-board}. */
@Command(name = "price-board", mixinStandardHelpOptions = true,
        description = "Prices that one JVM changes, and that others watch.")
final class PriceBoard implements Callable<Integer> {
    private static final long HEAP_BYTES = 16 << 20;
    private static final List<String> SYMBOLS = List.of("AIR", "BMW", "CAP", "DTE");
    private static final long SPREAD = 5;

    @Option(names = "--updates", defaultValue = "200000", description = "How many there are (${DEFAULT-VALUE}).")
    private int updates;

    @Option(names = "--watchers", defaultValue = "3", description = "How many JVMs watch (${DEFAULT-VALUE}).")
    private int watchers;

    private PriceBoard() {
    }

    /** What is known of one symbol. */
    interface Quote {
        long bid();

        void bid(long cents);

        long ask();

        void ask(long cents);

        long number();

        void number(long value);

        String time();

        void time(String value);

        default long spread() {
            return ask() - bid();
        }
    }

    /** Whether there is more to come, and who watches. */
    interface Board {
        boolean isClosed();

        void setClosed(boolean value);

        int ready();

        int incrementAndGetReady();

        long readings();

        long addAndGetReadings(long count);
    }

    private static SharedMap<String, Quote> quotes(SharedHeap heap) {
        return heap.map("quotes", String.class, StructureType.object(Quote.class));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        String name = "example-board-" + ProcessHandle.current().pid();
        List<Process> staff = new ArrayList<>();
        try (SharedHeap heap = SharedHeap.create(name, HEAP_BYTES)) {
            Board board = heap.object("board", Board.class);
            SharedMap<String, Quote> quotes = quotes(heap);
            Quote first = heap.object("first", Quote.class);
            set(first, 0, 1000);
            SYMBOLS.forEach(symbol -> quotes.put(symbol, first)); // a copy each
            for (int i = 0; i < watchers; i++) {
                staff.add(new ProcessBuilder(SubjectProcess.jvm(Watcher.class, List.of("-Xmx64m"), name)).inheritIO()
                        .start());
            }
            while (board.ready() < watchers && staff.stream().allMatch(Process::isAlive)) {
                Thread.sleep(1);
            }
            update(quotes);
            board.setClosed(true);
            boolean isRight = true;
            for (Process watcher : staff) {
                isRight &= watcher.waitFor() == 0;
            }
            HeapVerification found = heap.verify();
            System.out.printf(Locale.ROOT, "%,d updates, %,d readings, all of them whole: %s; the heap is sound: %s%n",
                    updates, board.readings(), isRight, found.isSound());
            return isRight && found.isSound() ? 0 : 1;
        } finally {
            staff.forEach(Process::destroyForcibly);
        }
    }

    private void update(SharedMap<String, Quote> quotes) {
        Random random = new Random(1);
        List<Quote> all = SYMBOLS.stream().map(quotes::get).toList();
        for (int number = 1; number <= updates; number++) {
            Quote quote = all.get(number % all.size());
            set(quote, number, Math.max(1, quote.bid() + random.nextInt(-10, 11)));
        }
    }

    private static void set(Quote quote, long number, long bid) {
        Live.update(quote, it -> {
            it.bid(bid);
            it.ask(bid + SPREAD);
            it.number(number);
            it.time("at tick " + number);
        });
    }

    /** Looks at one quote after the other until the board is closed. */
    static final class Watcher {
        private Watcher() {
        }

        /** Argument: the heap. */
        public static void main(String[] args) {
            try (SharedHeap heap = SharedHeap.open(args[0])) {
                Board board = heap.object("board", Board.class);
                List<Quote> quotes = new ArrayList<>(quotes(heap).values());
                int _ = board.incrementAndGetReady();
                long readings = 0;
                while (!board.isClosed()) {
                    for (Quote quote : quotes) {
                        check(quote);
                        readings++;
                    }
                }
                long _ = board.addAndGetReadings(readings);
            }
        }

        private static void check(Quote quote) {
            boolean isWhole = Live.read(quote,
                    it -> it.spread() == SPREAD && it.time().equals("at tick " + it.number()));
            if (!isWhole) {
                throw new IllegalStateException("half an update was seen: " + quote);
            }
        }
    }
}
