package io.cleave.bench.example;

import io.cleave.bench.SubjectProcess;
import io.cleave.memory.Lifetime;
import io.cleave.objects.HeapOptions;
import io.cleave.objects.HeapVerification;
import io.cleave.objects.SharedHeap;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A cache in a heap that is there without any process, so that a service has its answers at once when it is started again
 * after {@code kill -9}: {@code ./bench example cache}.
 */
@Command(name = "cache", mixinStandardHelpOptions = true,
        description = "A cache whose service is killed and started again.")
final class CacheThatStays implements Callable<Integer> {
    private static final long HEAP_BYTES = 64 << 20;
    private static final HeapOptions STAYS = HeapOptions.defaults().withLifetime(Lifetime.PERSISTENT);
    private static final int ROUNDS = 50_000;

    @Option(names = "--questions", defaultValue = "100", description = "How many are asked (${DEFAULT-VALUE}).")
    private int questions;

    private CacheThatStays() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException, NoSuchAlgorithmException {
        String name = "example-cache-" + ProcessHandle.current().pid();
        try {
            int before;
            try (Client client = Client.start(name)) {
                before = client.askAll(questions);
                client.ask(questions); // and it is killed before it can answer
            }
            int after;
            try (Client client = Client.start(name)) {
                after = client.askAll(questions);
                boolean isRight = client.answer(questions).equals(Service.compute(questions));
                System.out.println("the question that it was killed over is answered " + (isRight ? "right" : "wrong"));
                return before == 0 && after == questions && isRight && isSound(name) ? 0 : 1;
            }
        } finally {
            try (SharedHeap heap = SharedHeap.openOrCreate(name, HEAP_BYTES, STAYS)) {
                heap.unlink();
            }
        }
    }

    /** Whether every byte of the heap is accounted for, whatever the kill has cut off. */
    private static boolean isSound(String name) {
        try (SharedHeap heap = SharedHeap.open(name)) {
            HeapVerification found = heap.verify();
            System.out.printf(Locale.ROOT, "the heap is sound: %s, %,d bytes in use%n", found.isSound(),
                    found.usedBytes());
            return found.isSound();
        }
    }

    /** A service, and who asks it. Its end is {@code kill -9}. */
    private record Client(Process service, Writer out, BufferedReader in) implements AutoCloseable {
        static Client start(String heap) throws IOException {
            Process service = new ProcessBuilder(SubjectProcess.jvm(Service.class, List.of("-Xmx64m"), heap))
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            return new Client(service, service.outputWriter(StandardCharsets.US_ASCII),
                    service.inputReader(StandardCharsets.US_ASCII));
        }

        void ask(int question) throws IOException {
            out.write(question + "\n");
            out.flush();
        }

        /** The next answer, behind {@code hit} or {@code computed}. */
        String[] next() throws IOException {
            return Objects.requireNonNull(in.readLine(), "the service has ended").split(" ", -1);
        }

        String answer(int question) throws IOException {
            ask(question);
            return next()[1];
        }

        /** How many answers were there without being computed. */
        int askAll(int questions) throws IOException {
            long start = System.nanoTime();
            int hits = 0;
            for (int question = 0; question < questions; question++) {
                ask(question);
                hits += next()[0].equals("hit") ? 1 : 0;
            }
            System.out.printf(Locale.ROOT, "process %d: %,d hits of %,d, %,d ms%n", service.pid(), hits, questions,
                    (System.nanoTime() - start) / 1_000_000);
            return hits;
        }

        @Override
        public void close() throws IOException {
            service.destroyForcibly().onExit().join();
            in.close();
        }
    }

    /** Answers each line of its input, from the cache where it can. */
    static final class Service {
        private Service() {
        }

        /** Argument: the heap. */
        public static void main(String[] args) throws IOException, NoSuchAlgorithmException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            try (SharedHeap heap = SharedHeap.openOrCreate(args[0], HEAP_BYTES, STAYS)) {
                Map<Integer, String> cache = heap.map("answers", Integer.class, String.class);
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    int question = Integer.parseInt(line);
                    String known = cache.get(question);
                    if (known != null) {
                        System.out.println("hit " + known);
                    } else {
                        String answer = compute(question);
                        cache.put(question, answer);
                        System.out.println("computed " + answer);
                    }
                }
            }
        }

        /** Something that takes its time. */
        static String compute(int question) throws NoSuchAlgorithmException {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] value = Integer.toString(question).getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < ROUNDS; i++) {
                value = digest.digest(value);
            }
            return HexFormat.of().formatHex(value);
        }
    }
}
