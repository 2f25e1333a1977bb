package io.cleave.cli;

import io.cleave.cli.lines.Expression;
import io.cleave.cli.lines.LineMethod;
import io.cleave.cli.lines.LineTask;
import io.cleave.cli.lines.MistakeException;
import java.util.List;
import picocli.CommandLine.Command;

/** Prints some of the lines of standard input. */
@Command(name = "pfilter",
        description = {
                "Print the lines of standard input for which a Java expression is true, computed for many at once.",
                "They are printed in their order, each as soon as those before it are known; the input may be endless. "
                        + "All text is UTF-8. The first line that fails ends it."},
        footer = {"", "For example:", "  seq 1000000 | cleave pfilter 'new BigInteger(it).isProbablePrime(50)'",
                "  find . -name '*.jar' | cleave pfilter 'Files.size(Path.of(it)) > 1 << 20'"})
final class PfilterCommand extends LineCommand {
    @Override
    Expression expression(String text, List<String> imports) {
        return Expression.condition(text, imports);
    }

    @Override
    LineTask task(LineMethod method) throws MistakeException {
        if (method.returnType() != boolean.class && method.returnType() != Boolean.class) {
            throw new MistakeException(
                    method + " returns " + method.returnType().getTypeName() + ", but a filter needs a boolean");
        }
        return new LineTask.Filter(method);
    }
}
