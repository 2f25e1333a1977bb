package io.cleave.bench.example;

import io.cleave.bench.SubjectProcess;
import io.cleave.objects.SharedHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The words of a text, counted by four JVMs into one map: {@code ./bench example word-count [FILE]}. */
@Command(name = "word-count", mixinStandardHelpOptions = true,
        description = "The words of a text, counted by four JVMs into one map.")
final class WordCount implements Callable<Integer> {
    private static final int JVMS = 4;
    private static final long HEAP_BYTES = 256 << 20;
    private static final String COUNTS = "counts";
    private static final int WORDS_PER_LINE = 12;
    private static final int VOCABULARY = 20_000;
    private static final String[] SYLLABLES = {"ka", "lo", "mi", "ne", "ru", "so", "ta", "vi"};

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "A text in UTF-8; by default one is made up.")
    private @Nullable Path file;

    @Option(names = "--words", defaultValue = "400000", description = "How long that one is (${DEFAULT-VALUE}).")
    private int words;

    private WordCount() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (file != null) {
            return count(file);
        }
        Path text = Files.createTempFile("words", ".txt");
        try {
            Files.writeString(text, makeUp());
            return count(text);
        } finally {
            Files.delete(text);
        }
    }

    private static int count(Path text) throws IOException, InterruptedException {
        String name = "example-words-" + ProcessHandle.current().pid();
        try (SharedHeap heap = SharedHeap.create(name, HEAP_BYTES)) {
            long start = System.nanoTime();
            List<Process> counters = new ArrayList<>();
            for (int i = 0; i < JVMS; i++) {
                counters.add(new ProcessBuilder(SubjectProcess.jvm(Counter.class, List.of("-Xmx64m"), name,
                        text.toString(), Integer.toString(i))).inheritIO().start());
            }
            for (Process counter : counters) {
                if (counter.waitFor() != 0) {
                    return 1;
                }
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            Map<String, Long> counts = new HashMap<>(heap.map(COUNTS, String.class, Long.class));
            System.out.printf(Locale.ROOT, "%,d words, %,d different ones, counted by %d JVMs in %.2f s%n",
                    counts.values().stream().mapToLong(n -> n).sum(), counts.size(), JVMS, seconds);
            counts.entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.reverseOrder())).limit(5)
                    .forEach(entry -> System.out.printf(Locale.ROOT, "%,9d %s%n", entry.getValue(), entry.getKey()));
            Map<String, Long> right = new HashMap<>();
            forEachWord(text, 0, 1, word -> right.merge(word, 1L, Long::sum));
            return counts.equals(right) ? 0 : 1;
        }
    }

    /** Does something with each word in each line whose number leaves a remainder. */
    private static void forEachWord(Path text, int remainder, int divisor, Consumer<String> body) throws IOException {
        int[] line = {0};
        try (Stream<String> lines = Files.lines(text)) {
            lines.filter(_ -> line[0]++ % divisor == remainder)
                    .flatMap(each -> Stream.of(each.toLowerCase(Locale.ROOT).split("[^\\p{L}]+", -1)))
                    .filter(word -> !word.isEmpty()).forEach(body);
        }
    }

    /** A text in which some words are frequent and most are rare, as in any. */
    private String makeUp() {
        SplittableRandom random = new SplittableRandom(words);
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= words; i++) {
            int rank = (int) Math.pow(VOCABULARY, random.nextDouble());
            for (int rest = rank; rest > 0; rest /= SYLLABLES.length) {
                text.append(SYLLABLES[rest % SYLLABLES.length]);
            }
            text.append(i % WORDS_PER_LINE == 0 ? ".\n" : " ");
        }
        return text.toString();
    }

    /** One of the JVMs that count. */
    static final class Counter {
        private Counter() {
        }

        /** Arguments: the heap, the text, which of the JVMs this is. */
        public static void main(String[] args) throws IOException {
            try (SharedHeap heap = SharedHeap.open(args[0])) {
                Map<String, Long> counts = heap.map(COUNTS, String.class, Long.class);
                forEachWord(Path.of(args[1]), Integer.parseInt(args[2]), JVMS,
                        word -> counts.merge(word, 1L, Long::sum));
            }
        }
    }
}
