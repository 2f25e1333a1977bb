package io.cleave.cli;

import io.cleave.cli.demo.ClassIndex;
import io.cleave.cli.demo.ClassNode;
import io.cleave.cli.demo.Findings;
import io.cleave.cli.demo.Way;
import io.cleave.fission.FissionReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the demonstration says to people. */
final class DemoText {
    private final Style style;
    private final ClassIndex index;
    private final List<ClassNode> items;
    private final int workers;

    DemoText(Style style, ClassIndex index, List<ClassNode> items, int workers) {
        this.style = style;
        this.index = index;
        this.items = items;
        this.workers = workers;
    }

    /** What is going to be done. */
    List<String> introduction() {
        List<String> lines = new ArrayList<>();
        paragraph(lines, "On the heap:",
                Units.count(index.classes().size(), "class", "classes") + " of Java " + Runtime.version().feature()
                        + " (" + Units.bytes(index.byteSize()) + ", "
                        + Units.count(index.moduleCount(), "module", "modules") + "), linked to each other and to an "
                        + "open file system: a graph that no serializer could carry to another process. Forked children "
                        + "have it; other processes make their own, of data that is written for them.");
        paragraph(lines, "The job:", "parse and verify " + Units.count(items.size())
                + " of them one by one, and trace each call to the method that it means.");
        paragraph(lines, "Fairness:", "first the whole job runs untimed on " + Units.count(workers, "thread", "threads")
                + ", and what a part of it finds is encoded some times, so that everybody in this JVM meets compiled code. Threads and children gather "
                + "what they find, each for itself. The time of the other processes includes all that they need: their start, their index, their own compiling.");
        lines.add("");
        return lines;
    }

    private void paragraph(List<String> lines, String title, String text) {
        List<String> wrapped = Units.wrapped(title + " " + text, style.width());
        lines.add(style.bold(title) + wrapped.getFirst().substring(title.length()));
        lines.addAll(wrapped.subList(1, wrapped.size()));
    }

    /** The table of the ways. */
    List<String> comparison(List<Way> ways, List<Way.Outcome> outcomes, boolean identical) {
        Table table = new Table(style).left("way").right("time").right("speed-up").right("forks").right("deadlocks")
                .right("dirtied per child");
        double base = Units.seconds(outcomes.getFirst().time());
        for (int i = 0; i < ways.size(); i++) {
            Way.Outcome outcome = outcomes.get(i);
            FissionReport report = outcome.report();
            String speedUp = String.format(Locale.ROOT, "%.2f x", base / Units.seconds(outcome.time()));
            if (report == null) {
                table.row(ways.get(i).name(), Units.time(outcome.time()), speedUp, "", "", "");
            } else {
                table.row(ways.get(i).name(), Units.time(outcome.time()), speedUp, Units.count(report.forks()),
                        Units.count(report.provenDeadlocks()), Units.bytes(DemoCommand.dirtiedPerChild(report)));
            }
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        Findings findings = outcomes.getFirst().findings();
        lines.add(identical
                ? style.green("Identical to the last figure: ") + Units.count(findings.instructions())
                        + " instructions, "
                        + Units.count(findings.calls()) + " calls traced."
                : style.red("The ways do not agree: ") + "that is a defect, please report it.");
        outcomes.forEach(outcome -> lines.addAll(details(outcome.handOver())));
        outcomes.forEach(outcome -> lines.addAll(details(outcome.report())));
        lines.add("");
        return lines;
    }

    private List<String> details(Way.@Nullable HandOver handOver) {
        return handOver == null ? List.of()
                : Units.wrapped("The index for the other processes: " + Units.bytes(handOver.bytes()) + ", written in "
                        + Units.time(handOver.writing()) + ", loaded in " + Units.time(handOver.loading()) + " by "
                        + (handOver.processes() == 1 ? "one of them" : "each of " + handOver.processes())
                        + "; each class went to one of them.", style.width());
    }

    private static List<String> details(@Nullable FissionReport report) {
        if (report == null) {
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        lines.add(Units.count(report.itemsInChildren(), "item was", "items were") + " computed in children, "
                + Units.count(report.itemsInParent()) + " in the calling JVM (warm-up); "
                + Units.count(report.reforks(), "re-fork", "re-forks") + ".");
        if (report.unprovenTimeouts() > 0) {
            lines.add(Units.count(report.unprovenTimeouts(), "child was", "children were")
                    + " replaced without proof of deadlock; see `cleave doctor`.");
        }
        return lines;
    }

    /** The tables of what the analysis found. */
    List<String> findings(Findings found, int top) {
        List<String> lines = new ArrayList<>();
        if (top == 0) {
            return lines;
        }
        lines.add(style.bold("Found: ") + Units.count(found.methods()) + " methods, "
                + Units.count(found.dynamicCalls()) + " call sites linked at run time, "
                + Units.count(found.verifyErrors().size(), "complaint", "complaints") + " of the verifier.");
        found.verifyErrors().stream().limit(top).map(error -> "  " + style.shorten(error, style.width() - 2))
                .forEach(lines::add);
        section(lines, "most-called methods", "call sites", found.mostCalled(top));
        section(lines, "largest methods", "bytes of code", found.largestMethods(top));
        section(lines, "classes that most others mention", "classes", found.mostMentioned(top));
        section(lines, "classes with the most methods", "methods", found.mostMethods(top));
        section(lines, "classes with the most fields", "fields", found.mostFields(top));
        section(lines, "deepest inheritance", "classes above", found.deepest(top));
        section(lines, "most frequent instructions", "times", found.opcodes(top));
        section(lines, "most frequent short strings", "places", found.strings(top).stream()
                .map(figure -> new Findings.Figure(quoted(figure.name()), figure.value())).toList());
        return lines;
    }

    private void section(List<String> lines, String title, String unit, List<Findings.Figure> figures) {
        Table table = new Table(style).right(unit).left(title);
        figures.forEach(figure -> table.row(Units.count(figure.value()), figure.name()));
        lines.add("");
        lines.addAll(table.lines());
    }

    /** A string constant with what cannot be printed made visible. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\n' -> quoted.append("\\n");
                case '\t' -> quoted.append("\\t");
                case '\r' -> quoted.append("\\r");
                default -> {
                    if (c < ' ' || c > '~') {
                        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }
}
