package io.cleave.bench.example;

import io.cleave.pool.AsyncPool;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Many requests under way at once in each of a few worker JVMs, whose answers are digested there:
 * {@code ./bench example async}. The site is a server of this process.
 */
@Command(name = "async", mixinStandardHelpOptions = true,
        description = "Asynchronous requests to a slow local site from worker JVMs.")
final class AsyncRequests implements Callable<Integer> {
    @Option(names = "--pages", defaultValue = "400", description = "How many pages are asked for (${DEFAULT-VALUE}).")
    private int pages;

    @Option(names = "--delay", defaultValue = "50",
            description = "How long the server takes for each, in ms (${DEFAULT-VALUE}).")
    private int delay;

    @Option(names = "--workers", defaultValue = "2", description = "How many worker JVMs there are (${DEFAULT-VALUE}).")
    private int workers;

    private AsyncRequests() {
    }

    /** Each worker has one. */
    private static final class Client {
        static final HttpClient HTTP = HttpClient.newHttpClient();

        private Client() {
        }
    }

    @Override
    public Integer call() throws IOException {
        List<Integer> numbers = IntStream.range(0, pages).boxed().toList();
        long start = System.nanoTime();
        List<Integer> lengths;
        int atOnce;
        try (Site site = Site.start(Math.max(1, pages), delay);
                AsyncPool pool = AsyncPool.builder().workers(workers).build()) {
            URI home = site.home();
            atOnce = pool.parallelism();
            lengths = pool.map(numbers, number -> length(home.resolve("/" + number)));
            for (int number : numbers) {
                if (lengths.get(number) != site.page(number).length()) {
                    System.out.println("page " + number + " has the wrong length: " + lengths.get(number));
                    return 1;
                }
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT,
                "%,d pages, %,d bytes, %d requests at once in %d JVMs: %.2f s; one by one at least %.1f s%n",
                lengths.size(), lengths.stream().mapToLong(length -> length).sum(), atOnce, workers, seconds,
                pages * (delay / 1e3));
        return lengths.size() == pages ? 0 : 1;
    }

    private static CompletionStage<Integer> length(URI page) {
        return Client.HTTP.sendAsync(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                .thenApply(response -> response.body().length());
    }
}
