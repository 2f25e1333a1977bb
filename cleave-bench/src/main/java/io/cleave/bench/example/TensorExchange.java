package io.cleave.bench.example;

import io.cleave.share.ElementType;
import io.cleave.share.Lease;
import io.cleave.share.Share;
import io.cleave.share.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A tensor that two JVMs hand back and forth, each adding 1 to every element: {@code ./bench example tensor}. */
@Command(name = "tensor", mixinStandardHelpOptions = true,
        description = "A tensor handed back and forth between two JVMs.")
final class TensorExchange implements Callable<Integer> {
    private static final int ROUNDS = 20;

    @Option(names = "--side", defaultValue = "1000",
            description = "The extent of both dimensions (${DEFAULT-VALUE}).")
    private int side;

    private TensorExchange() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                Adder.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Writer out = other.outputWriter(StandardCharsets.US_ASCII);
        BufferedReader in = other.inputReader(StandardCharsets.US_ASCII);
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, side, side);
        long start = System.nanoTime();
        for (int round = 0; round < ROUNDS; round++) {
            String sent = Share.write(tensor);
            out.write(sent + "\n");
            out.flush();
            String back = Objects.requireNonNull(in.readLine(), "the other has ended");
            Share.free(sent);
            try (Lease<Tensor> lease = Share.open(back, Tensor.class)) {
                tensor = plusOne(Objects.requireNonNull(lease.value()));
            }
            Share.free(back);
        }
        double micros = (System.nanoTime() - start) / 1e3 / ROUNDS;
        out.close();
        double expected = 2.0 * ROUNDS;
        System.out.printf(Locale.ROOT, "%d rounds of %,d bytes, %,.0f us each; %s%n", ROUNDS, tensor.data().byteSize(),
                micros, tensor.slice(0, 0, 2).slice(1, 0, 2));
        return other.waitFor() == 0 && tensor.getDouble(side - 1, side - 1) == expected ? 0 : 1;
    }

    private static Tensor plusOne(Tensor tensor) {
        float[] values = tensor.data().toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT);
        for (int i = 0; i < values.length; i++) {
            values[i]++;
        }
        return Tensor.of(values, tensor.shape());
    }

    /** The other JVM: reads a token a line, and answers with another. */
    static final class Adder {
        private Adder() {
        }

        public static void main(String[] args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            for (String token = in.readLine(); token != null; token = in.readLine()) {
                try (Lease<Tensor> lease = Share.open(token, Tensor.class)) {
                    System.out.println(Share.write(plusOne(Objects.requireNonNull(lease.value()))));
                }
            }
        }
    }
}
