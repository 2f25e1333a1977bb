package io.cleave.bench.example;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** A site on the loopback interface: a tree of pages, each of which takes its time and links to eight others and back. */
final class Site implements AutoCloseable {
    private static final int LINKS = 8;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final int pages;
    private final int delayMillis;

    private Site(int pages, int delayMillis) throws IOException {
        this.pages = pages;
        this.delayMillis = delayMillis;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), pages);
    }

    static Site start(int pages, int delayMillis) throws IOException {
        Site site = new Site(pages, delayMillis);
        site.server.setExecutor(site.threads);
        site.server.createContext("/", site::answer);
        site.server.start();
        return site;
    }

    URI home() {
        InetSocketAddress address = server.getAddress();
        return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort() + "/0");
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Thread.sleep(delayMillis);
            byte[] body = page(Integer.parseInt(exchange.getRequestURI().getPath().substring(1)))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the server answers, after a while. */
    String page(int number) {
        StringBuilder page = new StringBuilder("<h1>Page " + number + "</h1><a href=\"/0\">home</a>");
        IntStream.rangeClosed(number * LINKS + 1, number * LINKS + LINKS).filter(next -> next < pages)
                .forEach(
                        next -> page.append("<a href=\"/").append(next).append("\">page ").append(next).append("</a>"));
        return page.append("<p>").append("Some text. ".repeat(number % 100)).append("</p>").toString();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
