package io.cleave.fission;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import io.cleave.fission.OrdinaryJava.Entries;
import io.cleave.fission.OrdinaryJava.Place;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.logging.ConsoleHandler;
import java.util.logging.FileHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.xml.XmlConfiguration;

/** Sockets, HTTP, databases, logging. */
final class OrdinaryServices {
    private static final int LINES = 100;

    private OrdinaryServices() {
    }

    /** Made by whoever uses it first. */
    private static final class Shared {
        static final Logger LOGGER = Logger.getLogger("io.cleave.ordinary.shared");
        static final HttpClient CLIENT = HttpClient.newHttpClient();
    }

    static void addTo(Entries entries) {
        sockets(entries);
        http(entries);
        databases(entries);
        logging(entries);
        log4j(entries);
    }

    private static String exchange(ExecutorService executor, int x) throws Exception {
        try (executor; ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var answered = executor.submit(() -> {
                try (Socket socket = server.accept()) {
                    socket.getOutputStream().write(socket.getInputStream().read() + 1);
                }
                return 0;
            });
            Callable<Integer> ask = () -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    Thread.sleep(2);
                    socket.getOutputStream().write(x);
                    return socket.getInputStream().read();
                }
            };
            return executor.submit(ask).get() + " " + answered.get();
        }
    }

    private static void sockets(Entries entries) {
        entries.add("sockets", x -> exchange(Executors.newCachedThreadPool(), x), x -> x + 1 + " 0")
                .add("sockets of virtual threads", Place.ONLY_COLD,
                        x -> exchange(Executors.newVirtualThreadPerTaskExecutor(), x),
                        x -> x + 1 + " 0")
                .add("selector", x -> {
                    try (Selector selector = Selector.open(); ServerSocketChannel server = ServerSocketChannel.open()) {
                        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                        server.configureBlocking(false);
                        server.register(selector, SelectionKey.OP_ACCEPT);
                        try (SocketChannel client = SocketChannel.open(server.getLocalAddress())) {
                            selector.select(10_000);
                            try (SocketChannel accepted = server.accept()) {
                                accepted.write(ByteBuffer.wrap(new byte[] {x.byteValue()}));
                                ByteBuffer buffer = ByteBuffer.allocate(1);
                                client.read(buffer);
                                return buffer.get(0);
                            }
                        }
                    }
                }, x -> x)
                .add("asynchronous sockets", x -> {
                    try (AsynchronousServerSocketChannel server = AsynchronousServerSocketChannel.open();
                            AsynchronousSocketChannel client = AsynchronousSocketChannel.open()) {
                        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                        var accepted = server.accept();
                        client.connect(server.getLocalAddress()).get();
                        try (AsynchronousSocketChannel other = accepted.get()) {
                            ByteBuffer buffer = ByteBuffer.allocate(1);
                            var read = client.read(buffer);
                            other.write(ByteBuffer.wrap(new byte[] {x.byteValue()})).get();
                            return read.get() + buffer.get(0);
                        }
                    }
                }, x -> x + 1);
    }

    /** Something that asks a server. */
    private interface Asking {
        Object ask(URI address) throws Exception;
    }

    private static Object served(int x, Asking asking) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        byte[] answer = ("answer " + x).getBytes(UTF_8);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        try {
            return asking.ask(URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/"));
        } finally {
            server.stop(0);
        }
    }

    private static String get(HttpClient client, URI address) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(20)).build(),
                HttpResponse.BodyHandlers.ofString()).body();
    }

    private static void http(Entries entries) {
        entries.add("HTTP client", x -> served(x, address -> {
            try (HttpClient client = HttpClient.newHttpClient()) {
                return get(client, address);
            }
        }), x -> "answer " + x)
                .add("HTTP client of the caller's", Place.ONLY_COLD,
                        x -> served(x, address -> get(Shared.CLIENT, address)), x -> "answer " + x)
                .add("HTTP by URL", x -> served(x, address -> {
                    HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
                    connection.setReadTimeout(20_000);
                    try (var in = connection.getInputStream()) {
                        return new String(in.readAllBytes(), UTF_8);
                    }
                }), x -> "answer " + x);
    }

    private static int query(Connection connection, int x) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("create table if not exists t" + x + "(n int primary key, name varchar(20))");
            statement.execute("delete from t" + x);
            for (int i = 0; i < 20; i++) {
                statement.execute("insert into t" + x + " values (" + i + ", 'row " + i + "')");
            }
            try (ResultSet result = statement.executeQuery("select sum(n) from t" + x + " where name like 'row 1%'")) {
                return result.next() ? result.getInt(1) + x : -1;
            }
        }
    }

    private static void databases(Entries entries) {
        entries.add("database in memory", x -> {
            try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:")) {
                return query(connection, x);
            }
        }, x -> 146 + x)
                .add("database of the caller's", x -> {
                    try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:shared;DB_CLOSE_DELAY=-1")) {
                        return query(connection, x);
                    }
                }, x -> 146 + x)
                .add("database in a file", x -> {
                    Path file = Files.createTempDirectory("base").resolve("base");
                    try (Connection connection = DriverManager.getConnection("jdbc:h2:" + file)) {
                        return query(connection, x);
                    }
                }, x -> 146 + x);
    }

    private static void logging(Entries entries) {
        entries.add("java.util.logging", x -> {
            Path file = Files.createTempFile("log", ".txt");
            Logger logger = Logger.getLogger("io.cleave.ordinary." + x);
            FileHandler handler = new FileHandler(file.toString());
            handler.setFormatter(new SimpleFormatter());
            logger.setUseParentHandlers(false);
            logger.addHandler(handler);
            logger.addHandler(new ConsoleHandler());
            logger.log(Level.INFO, "number {0}", x);
            logger.removeHandler(handler);
            handler.close();
            return Files.readString(file).contains("INFO: number " + x);
        }, x -> true)
                .add("java.util.logging of the caller's", x -> {
                    List<String> messages = new ArrayList<>();
                    Handler handler = new Handler() {
                        @Override
                        public void publish(LogRecord message) {
                            messages.add(message.getMessage());
                        }

                        @Override
                        public void flush() {
                        }

                        @Override
                        public void close() {
                        }
                    };
                    Shared.LOGGER.setUseParentHandlers(false);
                    Shared.LOGGER.addHandler(handler);
                    Shared.LOGGER.warning("number " + x);
                    Shared.LOGGER.removeHandler(handler);
                    return messages;
                }, x -> "[number " + x + "]")
                .add("System.Logger", x -> {
                    System.Logger logger = System.getLogger("io.cleave.ordinary.system");
                    logger.log(System.Logger.Level.DEBUG, "number {0}", x);
                    return logger.isLoggable(System.Logger.Level.INFO);
                }, x -> true);
    }

    private static LoggerContext context(String name, Path file, String appenders, String root) throws IOException {
        LoggerContext context = new LoggerContext(name);
        context.start(new XmlConfiguration(context, new ConfigurationSource(new ByteArrayInputStream(
                ("<Configuration status='ERROR'><Appenders><File name='file' fileName='" + file
                        + "'><PatternLayout pattern='%m%n'/></File>" + appenders + "</Appenders><Loggers>" + root
                        + "</Loggers></Configuration>").getBytes(UTF_8)))));
        return context;
    }

    private static final String ASYNC_APPENDER = "<Async name='later'><AppenderRef ref='file'/></Async>";
    private static final String ROOT = "<Root level='info'><AppenderRef ref='later'/></Root>";
    private static final String ASYNC_ROOT = "<AsyncRoot level='info'><AppenderRef ref='file'/></AsyncRoot>";

    private static Object logged(String name, String appenders, String root, int x) throws IOException {
        Path file = Files.createTempFile("log4j", ".txt");
        LoggerContext context = context(name + x, file, appenders, root);
        var logger = context.getLogger("ordinary");
        for (int i = 0; i < LINES; i++) {
            logger.info("line {} of {}", i, x);
        }
        context.stop();
        List<String> lines = Files.readAllLines(file);
        return lines.size() == LINES ? lines.getLast() : lines.size() + " lines";
    }

    /** Contexts of the calling JVM, whose threads a child does not have. */
    private static final class SharedLog4j {
        static final LoggerContext APPENDER;
        static final LoggerContext LOGGERS;

        static {
            try {
                APPENDER = context("shared", Files.createTempFile("log4j", ".txt"), ASYNC_APPENDER, ROOT);
                LOGGERS = context("shared2", Files.createTempFile("log4j", ".txt"), "", ASYNC_ROOT);
            } catch (IOException e) {
                throw new LinkageError("no file", e);
            }
        }
    }

    private static void log4j(Entries entries) {
        entries.add("Log4j's asynchronous appender", x -> logged("appender", ASYNC_APPENDER, ROOT, x),
                x -> "line 99 of " + x)
                .add("Log4j's asynchronous loggers", x -> logged("loggers", "", ASYNC_ROOT, x), x -> "line 99 of " + x)
                .add("Log4j's asynchronous appender of the caller's", x -> {
                    SharedLog4j.APPENDER.getLogger("ordinary").info("line of {}", x);
                    return x;
                }, x -> x)
                .add("Log4j's asynchronous appender of the caller's, filled", Place.CHILD_IF_COLD, x -> {
                    for (int i = 0; i < 3000; i++) { // more than its queue has room for
                        SharedLog4j.APPENDER.getLogger("ordinary").info("line {} of {}", i, x);
                    }
                    return x;
                }, x -> x)
                .add("Log4j's asynchronous loggers of the caller's", x -> {
                    SharedLog4j.LOGGERS.getLogger("ordinary").info("line of {}", x);
                    return x;
                }, x -> x);
    }
}
