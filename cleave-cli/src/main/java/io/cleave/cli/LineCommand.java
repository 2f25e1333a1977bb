package io.cleave.cli;

import io.cleave.cli.lines.Expression;
import io.cleave.cli.lines.LineMethod;
import io.cleave.cli.lines.LinePool;
import io.cleave.cli.lines.LineTask;
import io.cleave.cli.lines.MistakeException;
import io.cleave.cli.lines.PoolKind;
import io.cleave.cli.lines.TemporaryDirectory;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** What commands have in common that compute something from each line of standard input. */
abstract class LineCommand extends CleaveCommand {
    private static final Pattern IMPORT = Pattern.compile("((static|module) +)?[\\p{L}_$][\\p{L}\\p{N}_$]*"
            + "(\\.[\\p{L}_$][\\p{L}\\p{N}_$]*)*(\\.\\*)?");

    @Parameters(arity = "0..1", paramLabel = "EXPRESSION",
            description = "A Java expression over `it`, a line as String without its end. The classes of java.base need "
                    + "no import. Where it begins with a dash, put -- before it.")
    private @Nullable String expression;

    @Option(names = "--class", paramLabel = "CLASS",
            description = "Instead of an expression: the class that has the method.")
    private @Nullable String className;

    @Option(names = "--method", paramLabel = "METHOD",
            description = "With --class: a public static method that takes a String.")
    private @Nullable String methodName;

    @Option(names = "--class-path", paramLabel = "PATH",
            description = "Jars and directories with classes, separated by colons.")
    private String classPath = "";

    @Option(names = "--import", paramLabel = "NAME", split = ",",
            description = "What the expression may call by its short name, such as com.acme.Order, com.acme.* or "
                    + "\"static java.lang.Math.*\". May be repeated.")
    private List<String> imports = new ArrayList<>();

    @Option(names = "--pool", paramLabel = "KIND", defaultValue = "process", converter = KindConverter.class,
            description = "What computes: process, JVMs of their own, where nothing is shared and whatever happens to one "
                    + "does not touch the command; thread, which is there at once and best for cheap work that is safe for "
                    + "threads; or fission, forked copies of this JVM. Default: ${DEFAULT-VALUE}.")
    private PoolKind kind = PoolKind.PROCESS;

    @Option(names = "--workers", paramLabel = "N",
            description = "How many of them. Default: as many as processors can be used.")
    private @Nullable Integer workers;

    /** Reads a kind of pool. */
    static final class KindConverter implements ITypeConverter<PoolKind> {
        @Override
        public PoolKind convert(String value) {
            return Stream.of(PoolKind.values()).filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("must be process, thread or fission, not " + value));
        }
    }

    /** The expression, to be compiled. */
    abstract Expression expression(String text, List<String> names);

    /** What is done to each line by means of a method. */
    abstract LineTask task(LineMethod method) throws MistakeException;

    @Override
    public Integer call() throws IOException {
        checkArguments();
        Progress.eraseOnInterrupt();
        Thread caller = Thread.currentThread();
        ClassLoader before = caller.getContextClassLoader();
        try (TemporaryDirectory directory = expression == null ? null : TemporaryDirectory.create()) {
            List<Path> places = places(directory);
            try (URLClassLoader loader = new URLClassLoader(urls(places), before)) {
                LineTask task = task(method(directory, loader));
                caller.setContextClassLoader(loader); // where exceptions that come from workers find their classes
                new LineRun(commandLine().getCommandName(), style()).run(Main.streams(commandLine()),
                        () -> LinePool.open(kind, workers, places), task);
                return DONE;
            }
        } catch (MistakeException e) {
            return complain(e, USAGE);
        } catch (LineRun.FailedException e) {
            return complain(e, FAILED);
        } finally {
            caller.setContextClassLoader(before);
        }
    }

    private int complain(Exception e, int code) {
        err().println(commandLine().getCommandSpec().qualifiedName() + ": " + e.getMessage());
        return code;
    }

    private void checkArguments() {
        if (expression != null && (className != null || methodName != null)) {
            throw usage("EXPRESSION and --class exclude each other");
        }
        if (expression == null && (className == null || methodName == null)) {
            throw usage(className == null && methodName == null ? "say what to do: EXPRESSION, or --class and --method"
                    : "--class and --method need each other");
        }
        if (expression == null && !imports.isEmpty()) {
            throw usage("--import is for expressions");
        }
        for (String name : imports) {
            if (!IMPORT.matcher(name.strip()).matches()) {
                throw usage("--import takes what follows the word in a source file, not \"" + name + "\"");
            }
        }
        if (workers != null) {
            atLeast(1, "--workers", workers);
        }
    }

    /** Where classes are that are not on this JVM's own class path. */
    private List<Path> places(@Nullable TemporaryDirectory directory) {
        List<Path> places = new ArrayList<>();
        if (directory != null) {
            places.add(directory.path());
        }
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            if (!entry.isEmpty()) {
                places.add(place(entry));
            }
        }
        return places;
    }

    private Path place(String entry) {
        try {
            Path path = Path.of(entry).toAbsolutePath();
            if (Files.isReadable(path)) {
                return path;
            }
        } catch (InvalidPathException e) {
            // not there either
        }
        throw usage("--class-path: there is no " + entry + ", or it cannot be read");
    }

    private static URL[] urls(List<Path> places) throws MalformedURLException {
        URL[] urls = new URL[places.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = places.get(i).toUri().toURL();
        }
        return urls;
    }

    private LineMethod method(@Nullable TemporaryDirectory directory, ClassLoader loader)
            throws IOException, MistakeException {
        if (expression == null || directory == null) {
            return LineMethod.find(Objects.requireNonNull(className), Objects.requireNonNull(methodName), loader);
        }
        if (ModuleLayer.boot().findModule("jdk.compiler").isEmpty()) {
            throw new MistakeException("there is no compiler in " + System.getProperty("java.home")
                    + ": expressions need a JDK, or a runtime with the module jdk.compiler; --class and --method do not");
        }
        String all = Stream.of(classPath, System.getProperty("java.class.path")).filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        expression(expression, imports.stream().map(String::strip).toList()).compile(all, directory.path());
        return LineMethod.find(Expression.CLASS_NAME, Expression.METHOD, loader);
    }
}
