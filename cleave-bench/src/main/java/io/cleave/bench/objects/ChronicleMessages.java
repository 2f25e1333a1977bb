package io.cleave.bench.objects;

import io.cleave.bench.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;

/** Chronicle Queue, in shared memory. It keeps all messages, so the files grow until it is closed. */
final class ChronicleMessages implements Messages {
    private final Path directory;
    private final ChronicleQueue queue;
    private final ExcerptAppender appender;
    private final ExcerptTailer tailer;
    private final Bytes<?> out;
    private final Bytes<?> in;
    private final int bytes;
    private long sum;

    ChronicleMessages(String name, int bytes) {
        this.bytes = bytes;
        this.out = Bytes.allocateElasticDirect(bytes);
        this.in = Bytes.allocateElasticDirect(bytes);
        this.directory = Path.of("/dev/shm", name + ".chronicle");
        this.queue = ChronicleQueue.singleBuilder(directory).build();
        this.appender = queue.createAppender();
        this.tailer = queue.createTailer();
    }

    @Override
    public boolean offer(long number) {
        out.clear();
        out.writeLong(number);
        out.writePosition(bytes);
        appender.writeBytes(out);
        return true;
    }

    @Override
    public int poll(int most) {
        in.clear();
        if (!tailer.readBytes(in)) {
            return 0;
        }
        sum += in.readLong();
        return 1;
    }

    @Override
    public long sum() {
        return sum;
    }

    @Override
    public void close() throws IOException {
        appender.close();
        tailer.close();
        queue.close();
        if (Files.exists(directory)) {
            Directories.delete(directory);
        }
    }
}
