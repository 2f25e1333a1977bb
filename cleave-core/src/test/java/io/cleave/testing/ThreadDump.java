package io.cleave.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What the threads of this JVM and of all processes of the run are doing, as text. */
final class ThreadDump {

    private static final Path JCMD = Path.of(System.getProperty("java.home"), "bin", "jcmd");

    private ThreadDump() {
    }

    static String ofAllProcesses() {
        StringBuilder dump = new StringBuilder();
        // Listed first, so that the jcmd processes of the dump are not part of it.
        List<ProcessHandle> processes = Stream
                .concat(Stream.of(ProcessHandle.current()), TestProcesses.alive().stream())
                .toList();
        processes.forEach(process -> append(dump, process));
        return dump.toString();
    }

    private static void append(StringBuilder dump, ProcessHandle process) {
        dump.append("\n=== process ").append(TestProcesses.describe(process)).append('\n');
        int threads = appendKernelView(dump, process);
        // A forked child of a JVM has one thread, and so none that could answer jcmd.
        if (threads > 1 && isJvm(process)) {
            appendJavaView(dump, process);
        }
    }

    /** Appends a line per thread and returns their number. */
    private static int appendKernelView(StringBuilder dump, ProcessHandle process) {
        int threads = 0;
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path task : (Iterable<Path>) tasks::iterator) {
                threads++;
                String status = read(task.resolve("status"));
                dump.append(task.getFileName()).append(' ').append(read(task.resolve("comm")))
                        .append(", ").append(status.replaceAll("(?s).*\nState:\\s*(.*?)\n.*", "$1"))
                        .append(", wchan ").append(read(task.resolve("wchan")))
                        .append(", syscall ").append(read(task.resolve("syscall"))).append('\n');
            }
        } catch (IOException e) {
            dump.append("(gone)\n");
        }
        return threads;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "?";
        }
    }

    private static boolean isJvm(ProcessHandle process) {
        try {
            return Path.of("/proc/" + process.pid() + "/exe").toRealPath().endsWith("java");
        } catch (IOException e) {
            return false;
        }
    }

    private static void appendJavaView(StringBuilder dump, ProcessHandle process) {
        try {
            Path output = Files.createTempFile("threads", ".txt");
            try {
                Process jcmd = new ProcessBuilder(JCMD.toString(), Long.toString(process.pid()), "Thread.print", "-l")
                        .redirectErrorStream(true).redirectOutput(output.toFile()).start();
                if (!jcmd.waitFor(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                    dump.append("(jcmd got no answer)\n");
                    jcmd.destroyForcibly().waitFor();
                }
                dump.append(Files.readString(output));
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            dump.append(e).append('\n');
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
