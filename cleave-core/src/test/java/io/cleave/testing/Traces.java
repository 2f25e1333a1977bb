package io.cleave.testing;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/** What the library may leave behind in the system: blocks, processes, threads. */
record Traces(Set<Path> blocks, Set<ProcessHandle> processes, Set<Thread> threads) {

    static Traces now() {
        Set<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("cleave-"))
                .collect(toSet());
        return new Traces(blocksNow(), TestProcesses.alive(), threads);
    }

    private static Set<Path> blocksNow() {
        if (!Files.isDirectory(RunDirectory.PATH)) {
            return Set.of();
        }
        try (Stream<Path> files = Files.list(RunDirectory.PATH)) {
            return files.filter(file -> file.getFileName().toString().startsWith("cleave.")).collect(toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Traces without(Traces earlier) {
        return new Traces(difference(blocks, earlier.blocks), difference(processes, earlier.processes),
                difference(threads, earlier.threads));
    }

    private static <T> Set<T> difference(Set<T> now, Set<T> earlier) {
        Set<T> difference = new HashSet<>(now);
        difference.removeAll(earlier);
        return difference;
    }

    boolean isEmpty() {
        return blocks.isEmpty() && processes.isEmpty() && threads.isEmpty();
    }

    String describe() {
        return Stream.of(
                blocks.stream().map(block -> "block " + block),
                processes.stream().map(process -> "process " + TestProcesses.describe(process)),
                threads.stream().map(Traces::describe))
                .flatMap(lines -> lines)
                .sorted()
                .collect(joining("\n"));
    }

    private static String describe(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).map(frame -> "\n    at " + frame)
                .collect(joining("", "thread " + thread.getName(), ""));
    }

    /**
     * Removes what can be removed, so that one leak is not reported twice and nothing outlives the run. In a directory
     * that other programs use, too, a new block may be theirs, and stays.
     */
    void remove() {
        processes.forEach(ProcessHandle::destroyForcibly);
        if (!RunDirectory.IS_OURS) {
            return;
        }
        for (Path block : blocks) {
            try {
                Files.deleteIfExists(block);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
