package io.cleave.sync;

import io.cleave.memory.SharedMemory;
import io.cleave.sync.OtherJvm.Call;
import io.cleave.sync.OtherJvm.Close;
import io.cleave.sync.OtherJvm.Interrupt;
import io.cleave.sync.OtherJvm.Open;
import io.cleave.sync.OtherJvm.Reply;
import io.cleave.sync.OtherJvm.Request;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;

/** What runs in {@link OtherJvm}: does as it is told, until nobody tells it any more. */
final class OtherJvmMain {
    private final ObjectOutputStream replies;
    private final Map<Long, Thread> threads = new ConcurrentHashMap<>();
    private AutoCloseable handle;
    private SharedMemory data;

    private OtherJvmMain(ObjectOutputStream replies) {
        this.replies = replies;
    }

    public static void main(String[] arguments) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]))) {
            socket.setTcpNoDelay(true);
            OtherJvmMain main = new OtherJvmMain(new ObjectOutputStream(socket.getOutputStream()));
            ObjectInputStream requests = new ObjectInputStream(socket.getInputStream());
            while (true) {
                main.handle((Request) requests.readObject());
            }
        }
    }

    private void handle(Request request) {
        switch (request) {
            case Open open -> reply(open.id(), () -> {
                data = SharedMemory.open(open.data());
                handle = (AutoCloseable) open.opener().open(open.name());
                return null;
            });
            case Call call -> start(call);
            case Interrupt interrupt -> {
                Thread thread = threads.get(interrupt.id());
                if (thread != null) {
                    thread.interrupt();
                }
            }
            case Close close -> reply(close.id(), () -> {
                handle.close();
                data.close();
                return null;
            });
        }
    }

    @SuppressWarnings("unchecked") // the contract knows what it has opened
    private void start(Call call) {
        Party.Work<Object, ?> work = (Party.Work<Object, ?>) call.work();
        Object its = handle;
        MemorySegment shared = data.segment();
        Runnable body = () -> {
            reply(call.id(), () -> work.on(its, shared));
            threads.remove(call.id());
        };
        Thread thread = call.isVirtual() ? Thread.ofVirtual().unstarted(body)
                : Thread.ofPlatform().daemon().unstarted(body);
        threads.put(call.id(), thread);
        thread.start();
    }

    private void reply(long id, Callable<?> call) {
        Reply reply;
        try {
            reply = new Reply(id, call.call(), null);
        } catch (Throwable t) {
            reply = new Reply(id, null, t);
        }
        boolean _ = Thread.interrupted(); // it was for the call, and would close the socket's stream
        synchronized (replies) {
            try {
                replies.writeObject(reply);
                replies.reset();
                replies.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
