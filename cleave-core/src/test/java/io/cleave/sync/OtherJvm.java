package io.cleave.sync;

import io.cleave.testing.Background;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** A second JVM that is the other party of contracts: what it is to do comes as serialised lambdas. */
final class OtherJvm implements AutoCloseable {
    /** What the other JVM is told. */
    sealed interface Request extends Serializable permits Open, Call, Interrupt, Close {}

    /** To open handles on a named object and on the shared data. */
    record Open(long id, Opener<?> opener, String name, String data) implements Request {}

    /** To do something in a new thread. */
    record Call(long id, boolean isVirtual, Party.Work<?, ?> work) implements Request {}

    /** To interrupt the thread of a call. */
    record Interrupt(long id) implements Request {}

    /** To close the handles. */
    record Close(long id) implements Request {}

    /** How a request ended. */
    record Reply(long id, Object result, Throwable failure) implements Serializable {}

    /** Opens a handle by name. */
    interface Opener<T> extends Serializable {
        T open(String name);
    }

    private final ChildJvm jvm;
    private final Socket socket;
    /** Guarded by itself. */
    private final ObjectOutputStream requests;
    private final AtomicLong lastId = new AtomicLong();
    private final Map<Long, CompletableFuture<Object>> calls = new ConcurrentHashMap<>();

    private OtherJvm(ChildJvm jvm, Socket socket) throws IOException {
        this.jvm = jvm;
        this.socket = socket;
        socket.setTcpNoDelay(true);
        this.requests = new ObjectOutputStream(socket.getOutputStream());
    }

    static OtherJvm start() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server.setSoTimeout((int) Delays.PATIENCE.toMillis());
            ChildJvm jvm = ChildJvm.start(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), OtherJvmMain.class,
                    Integer.toString(server.getLocalPort()));
            OtherJvm other = new OtherJvm(jvm, server.accept());
            Thread.ofVirtual().start(other::readReplies);
            return other;
        }
    }

    private void readReplies() {
        try (ObjectInputStream replies = new ObjectInputStream(socket.getInputStream())) {
            while (true) {
                Reply reply = (Reply) replies.readObject();
                CompletableFuture<Object> call = calls.remove(reply.id);
                if (reply.failure == null) {
                    call.complete(reply.result);
                } else {
                    call.completeExceptionally(reply.failure);
                }
            }
        } catch (IOException | ClassNotFoundException e) {
            AssertionError error = new AssertionError("no replies any more from " + jvm, e);
            calls.values().forEach(call -> call.completeExceptionally(error));
        }
    }

    @SuppressWarnings("unchecked") // the reply to work with such a result
    private <R> CompletableFuture<R> ask(long id, Request request) {
        CompletableFuture<Object> call = new CompletableFuture<>();
        calls.put(id, call);
        send(request);
        return (CompletableFuture<R>) call;
    }

    private void send(Request request) {
        synchronized (requests) {
            try {
                requests.writeObject(request);
                requests.reset();
                requests.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The other JVM as a party, with a handle of its own on a named object, until {@link #leave}. */
    <T> Party<T> join(Opener<T> opener, String name, String data) throws Exception {
        long open = lastId.incrementAndGet();
        new Background<>(ask(open, new Open(open, opener, name, data)), () -> {}).get();
        return new Party<>() {
            @Override
            public <R> Background<R> start(boolean isVirtual, Work<T, R> work) {
                long id = lastId.incrementAndGet();
                return new Background<>(ask(id, new Call(id, isVirtual, work)), () -> send(new Interrupt(id)));
            }
        };
    }

    /** Closes the other JVM's handle. */
    void leave() throws Exception {
        long id = lastId.incrementAndGet();
        new Background<>(ask(id, new Close(id)), () -> {}).get();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        jvm.close();
    }
}
