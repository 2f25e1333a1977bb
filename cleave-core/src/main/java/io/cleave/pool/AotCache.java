package io.cleave.pool;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The cache of ahead-of-time loaded and linked classes (JEP 483) from which workers start in a third of the time: made once
 * for each Java and each Cleave, by a process of its own in the background, and kept in the user's cache directory.
 *
 * <p>
 * It holds the classes of Cleave and of what Cleave needs, which therefore come first on a worker's class path, as the JVM
 * demands. They must lie in jars. Java, jars and options make the file's name, so a stale cache is never found; the name's
 * other half is a checksum, so a damaged one is never used; it becomes visible by a rename, so an unfinished one is never
 * seen; and one process at a time makes it, under a file lock. A directory or file that others can write to is not used: a
 * cache is code.
 */
final class AotCache {
    private static final String SUFFIX = ".aot";
    private static final String UNFINISHED = ".tmp";
    private static final Duration OLD = Duration.ofDays(30);
    private static final Duration ABANDONED = Duration.ofMinutes(10);
    private static final Duration TOUCHED = Duration.ofDays(1);
    private static final long MOST_SECONDS = 60;
    private static final Set<PosixFilePermission> OTHERS_WRITE = Set.of(PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_WRITE);

    private static final AotCache OF_THIS_JVM = new AotCache();

    /** The jars of Cleave and its dependencies, as they stand on the class path; empty where there can be no cache. */
    private final List<String> jars = jars(System.getProperty("java.class.path", ""));
    private boolean searched;
    private @Nullable Path found;

    private AotCache() {
    }

    /**
     * Finds the cache for workers; where there is none, it is made for those who come later.
     *
     * @param options that come before the class path
     * @return a file to be trusted, or null
     */
    static @Nullable Path find(List<String> options) {
        return OF_THIS_JVM.search(options);
    }

    /** The class path in the order that the cache wants. */
    static String ordered(String classPath) {
        List<String> first = OF_THIS_JVM.jars;
        if (first.isEmpty()) {
            return classPath;
        }
        return Stream.concat(first.stream(),
                Arrays.stream(classPath.split(File.pathSeparator)).filter(entry -> !first.contains(entry)))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Which entries of a class path are Cleave's own and its dependencies', if all of them are jars. */
    static List<String> jars(String classPath) {
        if (AotCache.class.getModule().isNamed()) {
            return List.of();
        }
        List<String> own = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator)) {
            String name = Path.of(entry).getFileName() == null ? "" : Path.of(entry).getFileName().toString();
            if (name.endsWith(".jar")
                    && (name.startsWith("cleave") || name.startsWith("fory-core") || name.startsWith("jspecify"))
                    && !name.startsWith("cleave-cli") && !name.startsWith("cleave-bench")) {
                own.add(entry);
            }
        }
        Path home = homeOfCleave();
        boolean complete = home != null && own.stream().anyMatch(entry -> Path.of(entry).toAbsolutePath().equals(home));
        return complete ? List.copyOf(own) : List.of();
    }

    private static @Nullable Path homeOfCleave() {
        try {
            var source = AotCache.class.getProtectionDomain().getCodeSource();
            return source == null ? null : Path.of(source.getLocation().toURI()).toAbsolutePath();
        } catch (Exception e) {
            return null; // it comes from somewhere else
        }
    }

    private synchronized @Nullable Path search(List<String> options) {
        if (!searched) {
            searched = true;
            if (!jars.isEmpty()) {
                try {
                    found = lookFor(options);
                } catch (IOException | RuntimeException e) {
                    Debug.log(() -> "workers start without a cache: " + e);
                }
            }
        }
        return found;
    }

    private @Nullable Path lookFor(List<String> options) throws IOException {
        Path directory = directory();
        if (directory == null) {
            return null;
        }
        String key = key(options);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, key + "-*" + SUFFIX)) {
            for (Path file : files) {
                if (isOurs(file) && file.getFileName().toString().equals(name(key, file))) {
                    touch(file);
                    return file;
                }
                Files.deleteIfExists(file);
            }
        }
        Thread.ofVirtual().name("cleave-cache").start(() -> make(directory, key, options));
        return null;
    }

    /** Where caches are kept: made if need be, and nobody else can write there. */
    private static @Nullable Path directory() throws IOException {
        String configured = System.getProperty("cleave.cacheDir", "");
        if ("none".equals(configured)) {
            return null;
        }
        String base = System.getenv("XDG_CACHE_HOME");
        String home = System.getProperty("user.home", "");
        Path directory = !configured.isEmpty() ? Path.of(configured)
                : base != null && base.startsWith("/") ? Path.of(base, "cleave") : Path.of(home, ".cache", "cleave");
        if (!directory.isAbsolute()) {
            return null;
        }
        if (!Files.isDirectory(directory)) {
            Path parent = directory.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectory(directory,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        return isOurs(directory) ? directory : null;
    }

    private static boolean isOurs(Path path) throws IOException {
        return Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(io.cleave.os.Unistd.geteuid())
                && Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS).stream()
                        .noneMatch(OTHERS_WRITE::contains);
    }

    private static void touch(Path file) throws IOException {
        Instant now = Instant.now();
        if (Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(TOUCHED))) {
            Files.setLastModifiedTime(file, FileTime.from(now));
        }
    }

    /** What the cache depends on, as the first half of its name. */
    private String key(List<String> options) throws IOException {
        StringBuilder text = new StringBuilder(System.getProperty("java.vm.version", "")).append('\n')
                .append(Path.of(System.getProperty("java.home", "")).toRealPath()).append('\n');
        for (String jar : jars) {
            Path path = Path.of(jar).toAbsolutePath();
            text.append(path).append(' ').append(Files.size(path)).append(' ')
                    .append(Files.getLastModifiedTime(path).toMillis()).append('\n');
        }
        options.stream().filter(option -> !option.startsWith("-D")).forEach(option -> text.append(option).append('\n'));
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return "worker-" + HexFormat.of().formatHex(hash, 0, 10);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String name(String key, Path file) throws IOException {
        CRC32C sum = new CRC32C();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sum.update(buffer, 0, n);
            }
        }
        return key + "-" + HexFormat.of().toHexDigits((int) sum.getValue()) + SUFFIX;
    }

    /** Makes a cache, unless somebody else does. */
    private void make(Path directory, String key, List<String> options) {
        Path lockFile = directory.resolve(key + ".lock");
        Path fresh = directory.resolve(key + "." + ProcessHandle.current().pid() + UNFINISHED);
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                return;
            }
            removeOld(directory);
            if (record(fresh, options)) {
                Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
                Files.move(fresh, directory.resolve(name(key, fresh)), StandardCopyOption.ATOMIC_MOVE);
                Debug.log(() -> "made the cache for workers in " + directory);
            }
        } catch (IOException | OverlappingFileLockException e) {
            Debug.log(() -> "no cache for workers could be made: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            try {
                Files.deleteIfExists(fresh);
                Files.deleteIfExists(Path.of(fresh + ".config"));
            } catch (IOException e) {
                // the next one removes it
            }
        }
    }

    private boolean record(Path fresh, List<String> options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(WorkerStart.basics());
        options.stream().filter(option -> !option.startsWith("-D")).forEach(command::add);
        command.add("-XX:AOTCacheOutput=" + fresh);
        command.add("-XX:+UnlockDiagnosticVMOptions");
        command.add("-XX:-AOTRecordTraining"); // compiling from old profiles competes with the first task
        command.add("-Xmx128m");
        command.add("-cp");
        command.add(String.join(File.pathSeparator, jars));
        command.add(WorkerStart.MAIN);
        command.add("rehearse");
        Process process = new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try {
            return process.waitFor(MOST_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0 && Files.exists(fresh);
        } finally {
            process.destroyForcibly();
        }
    }

    private static void removeOld(Path directory) throws IOException {
        Instant now = Instant.now();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "worker-*")) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                boolean isUnfinished = name.endsWith(UNFINISHED) || name.endsWith(UNFINISHED + ".config");
                if (Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(isUnfinished ? ABANDONED : OLD))) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
