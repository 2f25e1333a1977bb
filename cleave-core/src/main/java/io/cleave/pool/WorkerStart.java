package io.cleave.pool;

import io.cleave.os.Cpus;
import io.cleave.os.ProcFs;
import io.cleave.os.Unistd;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a worker JVM is started: the same Java, the same class path or module path, the system properties and module
 * options that this JVM was started with; a share of the machine's memory; what the pool's builder adds.
 */
final class WorkerStart {
    static final String MAIN = "io.cleave.worker.WorkerMain";
    /** What part of the machine's memory all workers' heaps may take together. */
    private static final double HEAPS_PART = 0.75;
    /** The system property that says so to a worker. */
    static final String IS_WORKER = "cleave.worker";
    private static final long LEAST_HEAP = 256L << 20;

    private WorkerStart() {
    }

    /** Whether this JVM is a worker itself. */
    static boolean isWorker() {
        return Boolean.getBoolean(IS_WORKER);
    }

    /** What is the same for all workers of this JVM. */
    private static final class Inherited {
        static final List<String> OPTIONS = options();

        private Inherited() {
        }

        private static List<String> options() {
            List<String> options = new ArrayList<>();
            List<String> arguments = ManagementFactory.getRuntimeMXBean().getInputArguments();
            for (String argument : arguments) {
                if (isInherited(argument)) {
                    options.add(argument);
                }
            }
            return options;
        }
    }

    /** Whether an option changes what programs mean, rather than how this one JVM runs or is observed. */
    static boolean isInherited(String option) {
        if (option.startsWith("-D")) {
            return !option.startsWith("-Dcom.sun.management") && !option.startsWith("-Djava.class.path=")
                    && !option.startsWith("-Djdk.module.") && !option.startsWith("-Dsun.java.");
        }
        return option.startsWith("--add-") || option.startsWith("--enable-") || option.startsWith("--illegal-")
                || option.startsWith("--limit-modules") || option.startsWith("--patch-module")
                || option.startsWith("--sun-misc-unsafe") || option.startsWith("-ea") || option.startsWith("-da")
                || option.startsWith("-esa") || option.startsWith("-dsa") || option.startsWith("-enable")
                || option.startsWith("-disable");
    }

    static Process start(PoolSettings settings, int memory, int place, boolean cached) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(basics(settings.jvmOptions()));
        command.add("-XX:MaxHeapSize=" + heap(settings.workers()));
        String classPath = classPath(settings.classPath());
        command.addAll(Inherited.OPTIONS);
        Path cache = cached ? AotCache.find(Inherited.OPTIONS) : null;
        if (cache != null) {
            command.add("-XX:AOTCache=" + cache);
            command.add("-XX:+UnlockDiagnosticVMOptions");
            command.add("-XX:ArchiveRelocationMode=0"); // mapped as it is, not moved: workers share its pages in memory
            command.add("-Xlog:aot*=off,cds*=off"); // where the JVM cannot use it, it does without
        }
        command.add("-D" + IS_WORKER + "=true");
        command.add("-Dstdout.encoding=UTF-8"); // which is how what it prints is read, whatever the locale is
        command.add("-Dstderr.encoding=UTF-8");
        command.addAll(settings.jvmOptions());
        command.addAll(place(classPath));
        command.add(Long.toString(Unistd.getpid()));
        command.add(Integer.toString(memory));
        command.add(Integer.toString(place));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        for (String variable : OPTION_VARIABLES) {
            builder.environment().computeIfPresent(variable, (_, options) -> withoutObservers(options));
        }
        return builder.start();
    }

    /** The same Java. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /**
     * How the options of each worker's JVM begin: with the Serial collector, as one thread computes, and many JVMs must not
     * each use all processors to collect, unless some collector is chosen: by the pool's options or the environment.
     */
    static List<String> basics(List<String> chosen) {
        boolean isChosen = chosen.stream().anyMatch(WorkerStart::choosesCollector)
                || OPTION_VARIABLES.stream().map(System::getenv).filter(Objects::nonNull)
                        .flatMap(options -> tokens(options).stream()).anyMatch(WorkerStart::choosesCollector);
        return isChosen ? List.of("-XX:-UsePerfData") : List.of("-XX:+UseSerialGC", "-XX:-UsePerfData");
    }

    /** Where a JVM finds options besides its command line. */
    private static final List<String> OPTION_VARIABLES = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS");
    private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use\\w+GC");
    private static final Pattern TOKEN = Pattern.compile("(?:[^\\s\"']|\"[^\"]*\"|'[^']*')+");

    static boolean choosesCollector(String option) {
        return COLLECTOR.matcher(option).matches();
    }

    private static List<String> tokens(String options) {
        return TOKEN.matcher(options).results().map(MatchResult::group).toList();
    }

    /** The same options, but for those by which a JVM is observed: several JVMs cannot share a debugger's port. */
    static String withoutObservers(String options) {
        return tokens(options).stream().filter(option -> !option.startsWith("-agentlib:jdwp")
                && !option.startsWith("-Xrunjdwp") && !option.startsWith("-Dcom.sun.management"))
                .collect(Collectors.joining(" "));
    }

    private static long heap(int workers) {
        long machine = ProcFs.memoryField("/proc/meminfo", "MemTotal");
        long limit = Cpus.memoryLimit();
        long memory = limit < 0 ? machine : Math.min(machine, limit);
        return Math.max(Math.min(LEAST_HEAP, memory / 2), (long) (memory * HEAPS_PART / workers));
    }

    private static String classPath(List<Path> more) {
        String own = System.getProperty("java.class.path", "");
        return more.stream().map(path -> path.toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator, own.isEmpty() || more.isEmpty() ? own
                        : own + File.pathSeparator, ""));
    }

    /** Where the worker finds its classes, and the main class. */
    private static List<String> place(String classPath) {
        List<String> options = new ArrayList<>();
        if (!classPath.isEmpty()) {
            options.add("-cp");
            options.add(AotCache.ordered(classPath));
        }
        String module = moduleName();
        if (module == null) {
            options.add(MAIN);
            return options;
        }
        Optional.ofNullable(System.getProperty("jdk.module.path")).ifPresent(path -> {
            options.add("--module-path");
            options.add(path);
        });
        options.add("--add-modules");
        options.add(ModuleLayer.boot().modules().stream().filter(m -> !isPlatform(m)).map(Module::getName)
                .collect(Collectors.joining(",")));
        options.add("-m");
        options.add(module + "/" + MAIN);
        return options;
    }

    private static boolean isPlatform(Module module) {
        return ModuleLayer.boot().configuration().findModule(module.getName())
                .flatMap(resolved -> resolved.reference().location())
                .map(location -> "jrt".equals(location.getScheme())).orElse(true);
    }

    private static @Nullable String moduleName() {
        return WorkerStart.class.getModule().getName();
    }
}
