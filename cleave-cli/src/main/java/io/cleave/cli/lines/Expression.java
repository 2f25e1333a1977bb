package io.cleave.cli.lines;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A Java expression over {@code it}, a line of text: compiled into a class without a package, so that it sees all classes
 * of the class path. It has the imports of a compact source file, which are all of the module {@code java.base}. The class
 * needs the module {@code jdk.compiler} to be loaded.
 */
public final class Expression {
    /** The class that an expression becomes. */
    public static final String CLASS_NAME = "CleaveExpression";
    /** The method in it that computes the expression. */
    public static final String METHOD = "value";

    private static final String MARGIN = "  ";
    private static final int MOST_ERRORS = 3;

    private final String text;
    private final List<String> imports;
    /** The class, up to the expression. */
    private final String before;

    private Expression(String text, String type, List<String> imports) {
        this.text = text;
        this.imports = imports;
        // The imports are alone in their lines, from the second on: so an error's line says which one is meant.
        before = "import module java.base;\n"
                + imports.stream().map(name -> "import " + name + ";\n").collect(Collectors.joining())
                + "public final class " + CLASS_NAME + " { public static " + type + " " + METHOD
                + "(String it) throws Throwable { return\n";
    }

    /** An expression whose value has any type but void. */
    public static Expression value(String text, List<String> imports) {
        return new Expression(text, "Object", imports);
    }

    /** An expression that is true or false. */
    public static Expression condition(String text, List<String> imports) {
        return new Expression(text, "boolean", imports);
    }

    /**
     * Compiles it.
     *
     * @param classPath where the classes are that it uses
     * @param directory where the class goes
     * @throws MistakeException where it cannot be compiled; the message shows where and why
     */
    public void compile(String classPath, Path directory) throws IOException, MistakeException {
        if (text.isBlank()) {
            throw new MistakeException("the expression is empty");
        }
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        StringWriter other = new StringWriter();
        JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "compiler");
        boolean compiled;
        try (JavaFileManager files = compiler.getStandardFileManager(found, Locale.ROOT, StandardCharsets.UTF_8)) {
            List<String> options = List.of("-proc:none", "-nowarn", "-Xlint:none", "-classpath", classPath,
                    "-sourcepath", "", "-d", directory.toString());
            compiled = compiler.getTask(other, files, found, options, null, List.of(source())).call();
        }
        if (!compiled) {
            throw new MistakeException(message(found.getDiagnostics(), other.toString()));
        }
    }

    private JavaFileObject source() {
        String source = before + text + "\n; } }\n";
        return new SimpleJavaFileObject(URI.create("string:///" + CLASS_NAME + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
    }

    private String message(List<Diagnostic<? extends JavaFileObject>> found, String other) {
        List<Diagnostic<? extends JavaFileObject>> errors = found.stream()
                .filter(each -> each.getKind() == Diagnostic.Kind.ERROR).toList();
        for (Diagnostic<?> error : errors) {
            long line = error.getLineNumber();
            if (line > 1 && line <= imports.size() + 1) {
                return "--import " + imports.get((int) line - 2) + ": " + words(error);
            }
        }
        if (errors.isEmpty()) {
            return "the expression does not compile" + (other.isBlank() ? "" : ": " + other.strip());
        }
        // Behind a mistake in the expression the compiler may stumble over what follows it: that is nobody's concern.
        List<Diagnostic<? extends JavaFileObject>> within = errors.stream().filter(this::isWithin).toList();
        return (within.isEmpty() ? errors.subList(0, 1) : within).stream().limit(MOST_ERRORS)
                .map(error -> excerpt(place(error)) + words(error).indent(MARGIN.length()))
                .collect(Collectors.joining("", "the expression does not compile:\n", "")).stripTrailing();
    }

    private boolean isWithin(Diagnostic<?> error) {
        long place = error.getPosition() - before.length();
        return place >= 0 && place <= text.length();
    }

    private int place(Diagnostic<?> error) {
        return Math.clamp(error.getPosition() - before.length(), 0, text.stripTrailing().length());
    }

    /** The line of the expression that a place is in, and a caret below the place. */
    private String excerpt(int place) {
        int start = text.lastIndexOf('\n', place - 1) + 1;
        int end = text.indexOf('\n', place);
        String line = text.substring(start, end < 0 ? text.length() : end).stripTrailing();
        String left = text.substring(start, place).codePoints().mapToObj(c -> c == '\t' ? "\t" : " ")
                .collect(Collectors.joining());
        return MARGIN + line + "\n" + MARGIN + left + "^\n";
    }

    /** The compiler's words, without those about the class around the expression. */
    private static String words(Diagnostic<?> error) {
        return error.getMessage(Locale.ROOT).lines().filter(line -> !line.contains(CLASS_NAME))
                .collect(Collectors.joining("\n"));
    }
}
