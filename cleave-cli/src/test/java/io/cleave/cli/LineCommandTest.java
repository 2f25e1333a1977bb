package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code pmap} and {@code pfilter} do to a text. */
@Timeout(300)
final class LineCommandTest {

    /** Methods for {@code --class}. */
    public static final class Methods {
        private Methods() {
        }

        public static String of(Object line) {
            return "object " + line;
        }

        public static String of(CharSequence line) {
            return "characters " + line;
        }

        public static String two(String line, String other) {
            return line + other;
        }

        public static void nothing(String line) {
        }

        public static Boolean isShort(String line) {
            return line.isEmpty() ? null : line.length() < 3;
        }

        public String ofAnObject(String line) {
            return line;
        }
    }

    /** Not for the command. */
    static final class Hidden {
        private Hidden() {
        }

        public static String of(String line) {
            return line;
        }
    }

    private static String lines(int count) {
        return IntStream.range(0, count).mapToObj(i -> i + "\n").collect(Collectors.joining());
    }

    private static Cli.Result threads(String input, String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command, "--pool", "thread"));
        all.addAll(List.of(arguments));
        return Cli.onInput(input, all.toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void resultsComeInTheOrderOfTheLines(String pool) {
        String work = "IntStream.range(0, it.hashCode() % 7 * 1000).sum() < 0 ? null : it + \"!\"";
        Cli.Result result = Cli.onInput(lines(3_000), "pmap", "--pool", pool, "--workers", "3", work);
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        assertThat(result.out()).isEqualTo(lines(3_000).replace("\n", "!\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void aFilterGivesTheLinesForWhichTheExpressionIsTrue(String pool) {
        Cli.Result result = Cli.onInput(lines(500), "pfilter", "--pool", pool,
                "new BigInteger(it).isProbablePrime(50)");
        assertThat(result.err()).isEmpty();
        assertThat(result.lines()).hasSize(95).startsWith("2", "3", "5", "7", "11").endsWith("499");
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void whatCameBeforeALineThatFailsIsPrinted(String pool) {
        Cli.Result result = Cli.onInput("1\n2\n\tx" + "y".repeat(100) + "\n4\n", "pmap", "--pool", pool,
                "Integer.parseInt(it)");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEqualTo("1\n2\n");
        assertThat(result.err()).startsWith("cleave pmap: line 3 \" xyyyy").contains("yyy...\": java.lang.NumberFormat")
                .contains("For input string").doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void aMethodMayBeNamedInsteadOfAnExpression(String pool) {
        Cli.Result result = Cli.onInput("7\n-1\n", "pmap", "--pool", pool, "--class", "java.lang.Integer", "--method",
                "parseInt");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isEqualTo("7\n-1\n");
    }

    @Test
    void theBaseModuleNeedsNoImport() {
        String all = "List.of(it).stream().collect(Collectors.joining()) + Path.of(it).getNameCount()"
                + " + Duration.ofSeconds(1) + new BigDecimal(it) + Pattern.matches(it, it) + URI.create(it)";
        assertThat(threads("3\n", "pmap", all).out()).isEqualTo("31PT1S3true3\n");
    }

    @Test
    void furtherNamesCanBeImported() {
        Cli.Result result = threads("3\n", "pmap", "--import", "static java.lang.Math.max, java.util.logging.*",
                "--import", "java.sql.Date", "max(it.length(), 7) + Level.INFO.getName() + Date.class.getName()");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isEqualTo("7INFOjava.sql.Date\n");
    }

    @Test
    void resultsArePrintedAsTheirText() {
        assertThat(threads("a\n", "pmap", "null").out()).isEqualTo("null\n");
        assertThat(threads("a,b\n", "pmap", "it.split(\",\")[1] + \"\\\"'\"").out()).isEqualTo("b\"'\n");
        assertThat(threads("a b\n", "pmap", "it.split(\" \")").out()).isEqualTo("[a, b]\n");
        assertThat(threads("a\n", "pmap", "new int[] {it.length(), 2}").out()).isEqualTo("[1, 2]\n");
        assertThat(threads("a\nb\n", "pmap", "it + \"\\n\" + it").out()).isEqualTo("a\na\nb\nb\n");
        assertThat(threads("a\n", "pmap", "Optional.of(it) // a comment").out()).isEqualTo("Optional[a]\n");
    }

    @Test
    void allThatEndsALineIsNoPartOfIt() {
        assertThat(threads("a\r\n\nb\rc\nd", "pmap", "it.length()").out()).isEqualTo("1\n0\n3\n1\n");
        assertThat(threads("", "pmap", "it.length()").out()).isEmpty();
        assertThat(threads("\n", "pmap", "it.length()").out()).isEqualTo("0\n");
    }

    @Test
    void textIsUtf8() {
        String text = "\u20ac\u00e9\ud83d\ude00";
        String longest = text.repeat(50_000); // characters lie across the borders of what is read at once
        assertThat(threads("x" + longest + "\n" + text, "pmap", "it").out())
                .isEqualTo("x" + longest + "\n" + text + "\n");
        assertThat(threads(text + "\n", "pmap", "it.codePointCount(0, it.length()) + \"\u20ac\"").out())
                .isEqualTo("3\u20ac\n");
    }

    @Test
    void aCompileErrorPointsIntoTheExpression() {
        assertMistake("it.trim().lenght() + 1", "  it.trim().lenght() + 1", "           ^", "  cannot find symbol",
                "    symbol:   method lenght()", "    location: class java.lang.String");
        assertMistake("\t\"abc", "  \t\"abc", "  \t^", "  unclosed string literal");
        assertMistake("\ud83d\ude00", "  \ud83d\ude00", "  ^");
        assertMistake("it.length() +\n  noSuch", "    noSuch", "    ^", "  cannot find symbol",
                "    symbol:   variable noSuch");
        assertMistake("it.length(", "  it.length(", "            ^");
        assertMistake("it.length())", "  it.length())", "             ^");
        assertMistake("it; it", "  it; it", "      ^", "  not a statement");
        assertMistake("System.gc()", "  System.gc()", "           ^");
    }

    private static void assertMistake(String expression, String... shown) {
        Cli.Result result = Cli.run("pmap", expression);
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("cleave pmap: the expression does not compile:\n")
                .contains(String.join("\n", shown) + "\n").doesNotContain("CleaveExpression", "return", "Usage");
    }

    @Test
    void aConditionIsABoolean() {
        Cli.Result result = Cli.run("pfilter", "it.length()");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("  it.length()\n           ^\n  incompatible types: int cannot be converted");
        assertThat(Cli.run("pfilter", "--class", "java.lang.Integer", "--method", "parseInt").err())
                .isEqualTo("cleave pfilter: java.lang.Integer.parseInt(String) returns int, but a filter needs a "
                        + "boolean\n");
    }

    @Test
    void aMistakenImportIsNamed() {
        Cli.Result result = Cli.run("pmap", "--import", "java.util.*", "--import", "no.such.Thing", "it");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).isEqualTo("cleave pmap: --import no.such.Thing: package no.such does not exist\n");
    }

    @Test
    void theMethodThatFitsAStringBestIsCalled() {
        assertThat(threads("a\n", "pmap", "--class", Methods.class.getName(), "--method", "of").out())
                .isEqualTo("characters a\n");
    }

    @Test
    void aMethodThatIsNoPredicateAfterAllFailsAtItsLine() {
        Cli.Result result = threads("ab\nabc\nd\n\ne", "pfilter", "--class", Methods.class.getName(), "--method",
                "isShort");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEqualTo("ab\nd\n");
        assertThat(result.err()).startsWith("cleave pfilter: line 4 \"\": ").contains("returned null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"two", "nothing", "ofAnObject", "noSuch"})
    void aMethodThatDoesNotFitIsAMistake(String method) {
        Cli.Result result = Cli.run("pmap", "--class", Methods.class.getName(), "--method", method);
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains(Methods.class.getName()).contains(switch (method) {
            case "two" -> "no public static method two(String), but static java.lang.String two(java.lang.String, java";
            case "nothing" -> "nothing(String) returns nothing";
            case "ofAnObject" ->
                "no public static method ofAnObject(String), but java.lang.String ofAnObject(java.lang";
            default -> "no public static method noSuch(String)\n";
        });
    }

    @Test
    void aClassThatCannotBeUsedIsAMistake() {
        assertThat(Cli.run("pmap", "--class", "no.Such", "--method", "of").err()).contains("no class no.Such");
        assertThat(Cli.run("pmap", "--class", Hidden.class.getName(), "--method", "of").err())
                .contains("is not public");
        assertThat(Cli.run("pmap", "--class", "sun.security.util.Debug", "--method", "isOn"))
                .isEqualTo(
                        new Cli.Result(2, "", "cleave pmap: the class sun.security.util.Debug is not exported by its "
                                + "module\n"));
    }

    @Test
    void classesAreFoundOnTheClassPath(@TempDir Path directory) throws IOException {
        Path source = Files.writeString(directory.resolve("Shout.java"), "public class Shout { "
                + "public static String of(String s) { return s.toUpperCase(); } "
                + "public static String fail(String s) { throw new Bad(); } "
                + "static class Bad extends RuntimeException {} }");
        Path classes = Files.createDirectory(directory.resolve("classes"));
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(),
                source.toString())).isZero();
        for (String pool : List.of("process", "thread", "fission")) {
            String[] options = {"pmap", "--pool", pool, "--class-path", classes + ":" + directory};
            assertThat(Cli.onInput("a\n", with(options, "Shout.of(it)")).out()).isEqualTo("A\n");
            assertThat(Cli.onInput("a\n", with(options, "--class", "Shout", "--method", "of")).out()).isEqualTo("A\n");
            assertThat(Cli.onInput("a\n", with(options, "Shout.fail(it)")).err()).contains("line 1 \"a\": Shout$Bad");
        }
        assertThat(Cli.run("pmap", "--class-path", directory + "/no.jar", "it").err()).contains("no.jar");
    }

    private static String[] with(String[] some, String... more) {
        String[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "it|--class|C|--method|m", "it|--class|C", "--class|C", "--method|m", "it|more",
            "--pool|what|it", "--pool|PROCESS|it", "--workers|0|it", "--workers|many|it", "--import|a b|it",
            "--import|a;|it", "--import|java.util.*|--class|C|--method|m", "--class-path|/no/such/place|it"})
    void wrongArgumentsAreRefused(String line) {
        Cli.Result result = Cli.run(with(new String[] {"pfilter"}, line.isEmpty() ? new String[0] : line.split("\\|")));
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).isNotBlank().doesNotContain("\tat ");
    }

    @Test
    void anEmptyExpressionIsAMistake() {
        assertThat(Cli.run("pmap", " ")).isEqualTo(new Cli.Result(2, "", "cleave pmap: the expression is empty\n"));
    }

    @Test
    void aFailureToReadIsNotBlamedOnALine() {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the disk is gone");
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return read();
            }
        };
        StringWriter err = new StringWriter();
        assertThat(Cli.run(broken, new ByteArrayOutputStream(), err, "pmap", "--pool", "thread", "it")).isEqualTo(1);
        assertThat(err).hasToString("cleave pmap: cannot read standard input: the disk is gone\n");
    }

    @Test
    void aFailureToWriteIsNotTakenForTheEnd() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        StringWriter err = new StringWriter();
        InputStream input = new ByteArrayInputStream(lines(10).getBytes(StandardCharsets.UTF_8));
        assertThat(Cli.run(input, full, err, "pmap", "--pool", "thread", "it")).isEqualTo(1);
        assertThat(err).hasToString("cleave pmap: cannot write to standard output: No space left on device\n");
    }
}
