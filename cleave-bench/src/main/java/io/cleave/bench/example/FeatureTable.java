package io.cleave.bench.example;

import io.cleave.share.SharedData;
import io.cleave.share.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A table of features that four JVMs read at once, and that is in memory once: {@code ./bench example feature-table}.
 */
@Command(name = "feature-table", mixinStandardHelpOptions = true,
        description = "A table of 1 GiB in shared memory, read by four JVMs.")
final class FeatureTable implements Callable<Integer> {
    private static final int COLUMNS = 64;
    private static final int READERS = 4;

    @Option(names = "--mib", defaultValue = "1024", description = "The table's size in MiB (${DEFAULT-VALUE}).")
    private int mib;

    private FeatureTable() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        int rows = Math.max(1, mib) * (1 << 20) / COLUMNS / Float.BYTES;
        float[] values = new float[rows * COLUMNS];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % COLUMNS;
        }
        long start = System.nanoTime();
        try (SharedData<Tensor> table = SharedData.of(Tensor.of(values, rows, COLUMNS))) {
            System.out.printf(Locale.ROOT, "wrote %,d rows in %,d ms; the others get %s%n", rows, millis(start),
                    table.name());
            List<Process> readers = new ArrayList<>();
            for (int reader = 0; reader < READERS; reader++) {
                readers.add(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED", "-Xmx64m", "-cp", System.getProperty("java.class.path"),
                        Reader.class.getName(), table.name(), Integer.toString(reader)).inheritIO().start());
            }
            int failed = 0;
            for (Process reader : readers) {
                failed += reader.waitFor() == 0 ? 0 : 1;
            }
            return failed == 0 ? 0 : 1;
        }
    }

    private static long millis(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }

    /** Sums up some columns, with a heap that could not hold the table. */
    static final class Reader {
        private Reader() {
        }

        /** Arguments: name, number of the reader. */
        public static void main(String[] args) {
            long start = System.nanoTime();
            Tensor table = Objects.requireNonNull(SharedData.load(args[0], Tensor.class));
            long loaded = (System.nanoTime() - start) / 1000;
            int column = Integer.parseInt(args[1]) + 1;
            Tensor values = table.select(1, column);
            double sum = 0;
            for (long row = 0; row < values.size(); row++) {
                sum += values.getDouble(row);
            }
            System.out.printf(Locale.ROOT, "reader %s: column %d sums up to %,.0f; loaded in %,d us, done in %,d ms%n",
                    args[1], column, sum, loaded, millis(start));
            System.exit(sum == (double) column * (double) values.size() ? 0 : 1);
        }
    }
}
