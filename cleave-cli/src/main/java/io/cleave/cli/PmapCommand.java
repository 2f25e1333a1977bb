package io.cleave.cli;

import io.cleave.cli.lines.Expression;
import io.cleave.cli.lines.LineMethod;
import io.cleave.cli.lines.LineTask;
import io.cleave.cli.lines.MistakeException;
import java.util.List;
import picocli.CommandLine.Command;

/** Computes something from each line of standard input, many at once. */
@Command(name = "pmap",
        description = {
                "Compute a Java expression for each line of standard input, many at once, and print the results.",
                "They are printed in the order of the lines, each as soon as it and those before it are there; the input "
                        + "may be endless. A result is printed as String.valueOf has it, arrays by their elements: so null "
                        + "is \"null\", and a text of several lines stays that. All text is UTF-8. The first line that "
                        + "fails ends it."},
        footer = {"", "For example:", "  seq 10 | cleave pmap 'new BigInteger(it).pow(100)'",
                "  find . -name '*.java' | cleave pmap 'Files.readAllLines(Path.of(it)).size() + \" \" + it'",
                "  cleave pmap --class-path app.jar --class com.acme.Orders --method price < orders.csv"})
final class PmapCommand extends LineCommand {
    @Override
    Expression expression(String text, List<String> imports) {
        return Expression.value(text, imports);
    }

    @Override
    LineTask task(LineMethod method) throws MistakeException {
        if (method.returnType() == void.class) {
            throw new MistakeException(method + " returns nothing that could be printed");
        }
        return new LineTask.Mapping(method);
    }
}
