package io.cleave.bench.example;

import io.cleave.pool.ThreadPool;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A crawl through a site of slow pages, level by level, as many pages of a level at once as it has:
 * {@code ./bench example crawl}. The site is a server of this process.
 */
@Command(name = "crawl", mixinStandardHelpOptions = true,
        description = "A crawl of a slow local site by virtual threads.")
final class Crawl implements Callable<Integer> {
    private static final Pattern LINK = Pattern.compile("href=\"([^\"]+)\"");

    @Option(names = "--pages", defaultValue = "400", description = "How many pages the site has (${DEFAULT-VALUE}).")
    private int pages;

    @Option(names = "--delay", defaultValue = "50",
            description = "How long the server takes for each, in ms (${DEFAULT-VALUE}).")
    private int delay;

    private Crawl() {
    }

    /** What came of one page. */
    private record Page(long bytes, List<URI> links) {}

    @Override
    public Integer call() throws IOException {
        int expected = Math.max(1, pages);
        Set<URI> known = new HashSet<>();
        long bytes = 0;
        int levels = 0;
        long start = System.nanoTime();
        try (Site site = Site.start(expected, delay);
                HttpClient client = HttpClient.newHttpClient();
                ThreadPool pool = ThreadPool.virtual()) {
            Set<URI> level = Set.of(site.home());
            while (!level.isEmpty()) {
                known.addAll(level);
                levels++;
                Set<URI> found = new HashSet<>();
                try (Stream<Page> fetched = pool.imapUnordered(level, uri -> fetch(client, uri))) {
                    for (Page page : (Iterable<Page>) fetched::iterator) {
                        bytes += page.bytes;
                        found.addAll(page.links);
                    }
                }
                found.removeAll(known);
                level = found;
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT,
                "%,d pages in %d levels, %,d bytes, %.2f s; one thread would need %.1f s at least%n",
                known.size(), levels, bytes, seconds, expected * (delay / 1e3));
        return known.size() == expected ? 0 : 1;
    }

    private static Page fetch(HttpClient client, URI uri) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(HttpRequest.newBuilder(uri).build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode() + " from " + uri);
        }
        List<URI> links = LINK.matcher(response.body()).results().map((MatchResult link) -> uri.resolve(link.group(1)))
                .toList();
        return new Page(response.body().length(), links);
    }
}
