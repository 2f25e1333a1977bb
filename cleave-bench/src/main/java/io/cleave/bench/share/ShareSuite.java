package io.cleave.bench.share;

import io.cleave.bench.Cast;
import io.cleave.bench.Python;
import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.SubjectProcess;
import io.cleave.bench.Suite;
import io.cleave.os.ProcFs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;

/**
 * What it costs to hand values to other processes: {@code ./bench share [--quick] [--json]}. What is small is done many
 * times in a round, and its mean is a sample. The heaps have been touched before, as in a program that has run for a
 * while: the first use of a page costs more than all that is measured here.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>write-SIZE</th><td>an array of floats from the heap, until others can read it. The value before has been freed, as
 * in a steady state. {@code memcpy-warm} only copies, into shared memory that is mapped and was used before;
 * {@code files-write} is {@code Files.write} to a new file in {@code /dev/shm}.</td></tr>
 * <tr><th>write-fresh-SIZE</th><td>the same without any memory to use again, beside write(2) into a fresh memory file, and a
 * copy through a fresh mapping.</td></tr>
 * <tr><th>read-view-SIZE-us</th><td>a segment over the value, its first and last element read.</td></tr>
 * <tr><th>read-array-SIZE</th><td>an array in the heap, beside a bare copy into one from warm memory.</td></tr>
 * <tr><th>handover-10KB</th><td>a map of 100 records of 100 bytes, written and read; {@code codec-alone} encodes and
 * decodes it.</td></tr>
 * <tr><th>handover-SIZE-2p</th><td>to a waiting JVM, which looks at the first and the last element and answers: token and
 * answer through pipes. The rivals send the encoded array through the pipe, and have an array in the end;
 * {@code cleave-array} has one, too.</td></tr>
 * <tr><th>broadcast-100MB-4p</th><td>to four waiting processes, until all have answered.</td></tr>
 * </table>
 */
@Command(name = "share", description = "Values handed to other processes, beside pipes, files and bare copies.")
public final class ShareSuite extends Suite {
    private static final long NEEDED_MIB = 8 << 10;
    private static final String PYTHON = "python-pool";

    /** Makes the command. */
    public ShareSuite() {
    }

    private static Map<String, Integer> sizes() {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        sizes.put("10KB", 10_000);
        sizes.put("1MB", 1_000_000);
        sizes.put("10MB", 10_000_000);
        sizes.put("100MB", 100_000_000);
        sizes.put("1GiB", 1 << 30);
        return sizes;
    }

    @Override
    protected List<Row> measure() throws IOException {
        List<Row> rows = new ArrayList<>();
        boolean isLarge = ProcFs.memoryField("/proc/meminfo", "MemAvailable") >> 20 >= NEEDED_MIB;
        if (!isLarge) {
            skip("1GiB", "it takes " + NEEDED_MIB + " MiB of free memory");
        }
        for (Map.Entry<String, Integer> size : sizes().entrySet()) {
            if (isLarge || !size.getKey().equals("1GiB")) {
                rows.addAll(alone(size.getKey(), size.getValue()));
                rows.addAll(between(size.getKey(), size.getValue()));
            }
        }
        rows.addAll(small());
        rows.addAll(broadcast());
        return rows;
    }

    private Cast cast(String size, int bytes, String... ways) throws IOException {
        progress().begin("starting the subjects of " + size);
        Cast cast = new Cast(progress());
        for (String way : ways) {
            cast.add(way, SubjectProcess.jvm(ShareSubject.class, Heap.ofSubject(bytes), way, Integer.toString(bytes)));
        }
        return cast;
    }

    private int few(int bytes) {
        return bytes > 500_000_000 ? rounds(3, 7) : rounds(9, 25);
    }

    /** What one process does. */
    private List<Row> alone(String size, int bytes) throws IOException {
        List<Row> rows = new ArrayList<>();
        try (Cast cast = cast(size, bytes, "cleave", "memcpy-warm", "files-write")) {
            progress().begin("write-" + size);
            rows.addAll(Samples.take("write", cast.all(), rounds(3, 10), few(bytes), progress()).rows("write-" + size,
                    "us"));
            progress().begin("read-view-" + size);
            rows.addAll(Samples.take("view", cast.some("cleave"), rounds(20, 50), rounds(15, 51), progress())
                    .rows("read-view-" + size + "-us", "us"));
            progress().begin("read-array-" + size);
            rows.addAll(Samples.take("array", cast.some("cleave", "memcpy-warm"), rounds(3, 10), few(bytes), progress())
                    .rows("read-array-" + size, "us"));
        }
        if (bytes == 100_000_000) {
            try (Cast cast = cast(size, bytes, "cleave", "write2-fresh", "memcpy-fresh")) {
                progress().begin("write-fresh-" + size);
                rows.addAll(Samples.take("fresh", cast.all(), rounds(3, 10), few(bytes), progress())
                        .rows("write-fresh-" + size, "us"));
            }
        }
        return rows;
    }

    /** From one JVM to another. */
    private List<Row> between(String size, int bytes) throws IOException {
        String[] ways = bytes > 500_000_000 ? new String[] {"cleave", "cleave-array"}
                : new String[] {"cleave", "cleave-array", "java-pipe", "fory-pipe", "kryo-pipe"};
        try (Cast cast = cast(size, bytes, ways)) {
            String work = "handover-" + size + "-2p";
            progress().begin(work);
            // What takes microseconds is slow by several times for as long as two JVMs compile beside it.
            boolean isSmall = bytes < 100_000;
            return Samples.take("handover 1", cast.all(), isSmall ? rounds(20, 200) : rounds(3, 10),
                    isSmall ? rounds(15, 101) : few(bytes), progress()).rows(work, "us");
        }
    }

    private List<Row> small() throws IOException {
        try (Cast cast = cast("10KB", 10_000, "cleave", "codec-alone")) {
            progress().begin("handover-10KB");
            return Samples.take("small", cast.all(), rounds(5, 10), rounds(11, 31), progress()).rows("handover-10KB",
                    "us");
        }
    }

    private List<Row> broadcast() throws IOException {
        String work = "broadcast-100MB-4p";
        try (Cast cast = cast("100MB", 100_000_000, "cleave", "cleave-array")) {
            Optional<List<String>> python = Python.command(ShareSuite.class, "share.py", "4", "100000000");
            if (python.isPresent()) {
                cast.add(PYTHON, python.get());
            } else {
                skip(PYTHON, "there is no python3 on the PATH");
            }
            progress().begin(work);
            return Samples.take("handover 4", cast.all(), rounds(2, 4), rounds(7, 15), progress()).rows(work, "us");
        }
    }
}
