package io.cleave.bench.share;

import io.cleave.bench.SubjectProcess;
import io.cleave.share.Share;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/** A JVM that waits for values on its standard input, and answers each with the sum of its first and last element. */
final class Peer implements AutoCloseable {
    private static final int BUFFER = 1 << 16;

    private final Process process;
    private final DataOutputStream out;
    private final DataInputStream in;

    private Peer(Process process) {
        this.process = process;
        this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), BUFFER));
        this.in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    }

    static Peer start(String way, int bytes) throws IOException {
        return new Peer(new ProcessBuilder(SubjectProcess.jvm(Peer.class, Heap.ofPeer(bytes), way))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    void send(byte[] message) throws IOException {
        out.writeInt(message.length);
        out.write(message);
        out.flush();
    }

    float answer() throws IOException {
        return in.readFloat();
    }

    @Override
    public void close() throws IOException {
        out.close(); // it ends with its input
        process.onExit().join();
    }

    /** The other side; the argument is the way. */
    public static void main(String[] args) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, BUFFER));
        DataOutputStream out = new DataOutputStream(System.out);
        byte[] length = new byte[Integer.BYTES];
        while (in.readNBytes(length, 0, length.length) == length.length) {
            byte[] message = in.readNBytes(java.nio.ByteBuffer.wrap(length).getInt());
            out.writeFloat(ends(args[0], message));
            out.flush();
        }
    }

    private static float ends(String way, byte[] message) throws IOException {
        if (way.equals("cleave")) {
            try (var lease = Share.open(message, MemorySegment.class)) {
                MemorySegment view = Objects.requireNonNull(lease.value());
                return view.getAtIndex(ValueLayout.JAVA_FLOAT, 0)
                        + view.getAtIndex(ValueLayout.JAVA_FLOAT, view.byteSize() / Float.BYTES - 1);
            }
        }
        float[] values = switch (way) {
            case "cleave-array" -> Objects.requireNonNull(
                    Share.read(message, float[].class));
            default -> (float[]) Objects.requireNonNull(Rivals.codec(way).decode(message, 0, message.length));
        };
        return values[0] + values[values.length - 1];
    }
}
