package io.cleave.pool;

import io.cleave.work.CacheFile;
import io.cleave.work.Parcel;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The cache of ahead-of-time loaded and linked classes (JEP 483) from which workers start in half the time: made once for
 * each Java and class path, by a process of its own in the background, and kept in the user's cache directory.
 *
 * <p>
 * It holds the classes of Cleave and those of the first tasks, so that a worker need not open one jar before its first
 * result; and the codec's, if this program has had values that need it: these are more than a thousand, for which each
 * worker starts 13 ms later, but the first such value comes much sooner. The JVM demands that a worker's class path begins
 * with the cache's, which is made of jars alone: so where this JVM's class path has directories, the cache is made for
 * Cleave's own jars, and those come first.
 *
 * <p>
 * Java, jars and options make the file's name, so a stale cache is never found; the name's other half is a checksum, so a
 * damaged one is never used; it becomes visible by a rename, so an unfinished one is never seen; and one process at a time
 * makes it, whoever has made the file that says so. That process goes on by itself where this JVM ends before it is done, at
 * the least priority, and leaves nothing behind but the cache. A directory or file that others can write to is not used: a cache is code. Of old ones the
 * {@value #MOST_KEPT} used last are kept.
 */
final class AotCache {
    private static final String JAR = ".jar";
    private static final String SUFFIX = CacheFile.SUFFIX;
    private static final String UNFINISHED = ".tmp";
    private static final String CLAIM = ".lock";
    private static final String PREFIX = "worker-";
    /** Each takes 12 to 22 MB, and each new version of a program makes one. */
    private static final int MOST_KEPT = 12;
    private static final int MOST_CLASSES = 1000;
    private static final Duration ABANDONED = Duration.ofMinutes(10);
    private static final Duration TOUCHED = Duration.ofHours(1);
    /** How long a recording may take, which has the processors only when nobody else wants them. */
    private static final long MOST_SECONDS = 300;
    /**
     * Records, and gives what was recorded its name. An interrupt by the terminal, or its end, is not meant for it. Its arguments
     * are the unfinished file, the file that says that it is being made, its key, and how to give it its name: java and the class
     * path; then the command that records.
     */
    private static final String SCRIPT = """
            trap '' INT HUP
            fresh=$1 claim=$2 key=$3 java=$4 path=$5; shift 5
            if command -v nice >/dev/null; then low='nice -n 19'; else low=; fi
            if command -v timeout >/dev/null; then limit='timeout %d'; else limit=; fi
            $low $limit "$@" && $low "$java" -XX:+UseSerialGC -XX:-UsePerfData -Xmx32m -cp "$path" %s publish "$fresh" "$key"
            rm -f "$fresh" "$fresh.config" "$claim"
            """
            .formatted(MOST_SECONDS, WorkerStart.MAIN);
    private static final Set<PosixFilePermission> OTHERS_WRITE = Set.of(PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_WRITE);

    private static final AotCache OF_THIS_JVM = new AotCache(System.getProperty("java.class.path", ""));

    /** The jars that it is made for: all of the class path, or else Cleave's and its dependencies; empty for no cache. */
    private final List<String> jars;
    /** Classes of users' tasks, which the cache is to hold; null once there is one with all of them, or there can be none. */
    private volatile @Nullable Set<String> classes = ConcurrentHashMap.newKeySet();
    /** The name of the class of the task that was sent last. */
    private volatile String latest = "";
    private boolean searched;
    private boolean searchedWithCodec;
    private @Nullable Path found;

    private AotCache(String classPath) {
        this.jars = jars(classPath);
        if (jars.isEmpty()) {
            classes = null;
        }
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

    /** A task is about to be sent to workers, which will need its classes. */
    static void expect(Object task) {
        Set<String> wanted = OF_THIS_JVM.classes;
        Class<?> type = task.getClass();
        String name = type.getName();
        if (wanted == null || name.equals(OF_THIS_JVM.latest) || wanted.size() > MOST_CLASSES) {
            return;
        }
        OF_THIS_JVM.latest = name;
        int lambda = name.indexOf("$$Lambda");
        wanted.add(lambda < 0 ? name : name.substring(0, lambda));
        for (Class<?> form : type.getInterfaces()) {
            wanted.add(form.getName());
        }
    }

    /** The class path in the order that the cache wants. */
    static String ordered(String classPath) {
        List<String> first = OF_THIS_JVM.jars;
        List<String> all = List.of(classPath.split(File.pathSeparator));
        if (all.size() >= first.size() && all.subList(0, first.size()).equals(first)) {
            return classPath;
        }
        return Stream.concat(first.stream(), all.stream().filter(entry -> !first.contains(entry)))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Which entries of a class path a cache can be made for: all if they are jars, or else Cleave's own, if those are. */
    static List<String> jars(String classPath) {
        Path home = homeOfCleave();
        if (AotCache.class.getModule().isNamed() || home == null || !home.toString().endsWith(JAR)) {
            return List.of();
        }
        List<String> entries = List.of(classPath.split(File.pathSeparator));
        if (entries.stream().allMatch(entry -> entry.endsWith(JAR) && Files.isRegularFile(Path.of(entry)))) {
            return entries;
        }
        List<String> own = entries.stream().filter(entry -> isOwn(entry, home)).toList();
        return own.stream().anyMatch(entry -> isAt(entry, home)) ? own : List.of();
    }

    private static boolean isOwn(String entry, Path home) {
        Path file = Path.of(entry).getFileName();
        String name = file == null ? "" : file.toString();
        return name.endsWith(JAR)
                && (isAt(entry, home) || name.startsWith("fory-core") || name.startsWith("jspecify"));
    }

    private static boolean isAt(String entry, Path home) {
        return Path.of(entry).toAbsolutePath().equals(home);
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
        boolean withCodec = Parcel.hasNeededCodec();
        if (!jars.isEmpty() && !(withCodec ? searchedWithCodec : searched)) {
            searched = true;
            searchedWithCodec |= withCodec;
            try {
                lookFor(options, withCodec);
            } catch (IOException | RuntimeException e) {
                Debug.log(() -> "workers start without a cache: " + e);
            }
        }
        return found;
    }

    private synchronized void found(Path file, boolean withCodec) {
        if (withCodec) {
            searchedWithCodec = true;
            classes = null;
            found = file;
        } else if (classes != null) { // else there is one with the codec
            found = file;
        }
    }

    private synchronized void lookAgain() {
        searched = false;
        searchedWithCodec = false;
    }

    private void lookFor(List<String> options, boolean withCodec) throws IOException {
        Path directory = directory();
        if (directory == null) {
            classes = null;
            return;
        }
        if (find(directory, options, true) || (!withCodec && find(directory, options, false))) {
            return;
        }
        Thread.ofVirtual().name("cleave-cache").start(() -> make(directory, options, withCodec));
    }

    private boolean find(Path directory, List<String> options, boolean withCodec) throws IOException {
        String key = key(options, withCodec);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, key + "-*" + SUFFIX)) {
            for (Path file : files) {
                if (isOurs(file) && file.getFileName().toString().equals(CacheFile.name(key, file))) {
                    touch(file);
                    found(file, withCodec);
                    return true;
                }
                Files.deleteIfExists(file);
            }
        }
        return false;
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
    private String key(List<String> options, boolean withCodec) throws IOException {
        StringBuilder text = new StringBuilder(System.getProperty("java.vm.version", "")).append('\n')
                .append(Path.of(System.getProperty("java.home", "")).toRealPath()).append('\n');
        for (String jar : jars) {
            Path path = Path.of(jar).toAbsolutePath();
            text.append(path).append(' ').append(Files.size(path)).append(' ')
                    .append(Files.getLastModifiedTime(path).toMillis()).append('\n');
        }
        text.append(withCodec).append('\n');
        options.stream().filter(option -> !option.startsWith("-D")).forEach(option -> text.append(option).append('\n'));
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return PREFIX + HexFormat.of().formatHex(hash, 0, 10);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Makes a cache, unless somebody else does. */
    private void make(Path directory, List<String> options, boolean withCodec) {
        try {
            make(directory, key(options, withCodec), options, withCodec);
        } catch (IOException e) {
            Debug.log(() -> "no cache for workers could be made: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void make(Path directory, String key, List<String> options, boolean withCodec)
            throws IOException, InterruptedException {
        Path claim = directory.resolve(key + CLAIM);
        if (!claim(claim)) {
            lookAgain(); // somebody else is making it
            return;
        }
        removeOld(directory);
        Path fresh = directory.resolve(key + "." + ProcessHandle.current().pid() + UNFINISHED);
        Process process;
        try {
            process = record(fresh, claim, key, options, withCodec);
        } catch (IOException e) {
            Files.deleteIfExists(claim); // there is no shell, say
            throw e;
        }
        if (process.waitFor(2 * MOST_SECONDS, TimeUnit.SECONDS) && find(directory, options, withCodec)) {
            Debug.log(() -> "made the cache for workers in " + directory);
        }
    }

    /** Whether this JVM is to make the cache that a file stands for. One that is old was left by a recording that was killed. */
    private static boolean claim(Path claim) throws IOException {
        if (Files.exists(claim)
                && Files.getLastModifiedTime(claim).toInstant().isBefore(Instant.now().minus(ABANDONED))) {
            Files.deleteIfExists(claim);
        }
        try {
            Files.createFile(claim);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    private Process record(Path fresh, Path claim, String key, List<String> options, boolean withCodec)
            throws IOException {
        String path = String.join(File.pathSeparator, jars);
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", SCRIPT, "cleave-cache", fresh.toString(),
                claim.toString(), key, WorkerStart.java(), path));
        command.add(WorkerStart.java());
        command.addAll(WorkerStart.basics(List.of()));
        options.stream().filter(option -> !option.startsWith("-D")).forEach(command::add);
        command.add("-XX:AOTCacheOutput=" + fresh);
        command.add("-XX:+UnlockDiagnosticVMOptions");
        command.add("-XX:-AOTRecordTraining"); // compiling from old profiles competes with the first task
        command.add("-Xmx128m");
        command.add("-cp");
        command.add(path);
        command.add(WorkerStart.MAIN);
        command.add("rehearse");
        command.add(withCodec ? "codec" : "plain");
        Set<String> wanted = classes;
        if (wanted != null) {
            command.addAll(wanted);
        }
        return new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static void removeOld(Path directory) throws IOException {
        Instant abandoned = Instant.now().minus(ABANDONED);
        NavigableMap<Instant, Path> caches = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*")) {
            for (Path file : files) {
                Instant used = Files.getLastModifiedTime(file).toInstant();
                if (file.toString().endsWith(SUFFIX)) {
                    caches.put(used, file);
                } else if (used.isBefore(abandoned)) {
                    Files.deleteIfExists(file); // what a recording has left that was ended by force
                }
            }
        }
        while (caches.size() >= MOST_KEPT) {
            Files.deleteIfExists(caches.pollFirstEntry().getValue()); // a worker that was to use it starts without
        }
    }
}
