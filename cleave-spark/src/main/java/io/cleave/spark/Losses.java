package io.cleave.spark;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.work.Failure;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkException;
import org.jspecify.annotations.Nullable;

/** What becomes of a portion that Spark has given up, as the caller learns it. */
final class Losses {
    private static final int MOST_TEXT = 4096;

    private static final Pattern PARTITION = Pattern.compile("Task (\\d{1,9}) in stage");
    private static final Pattern EXECUTOR = Pattern.compile("ExecutorLostFailure \\(executor (\\S+)");

    private Losses() {
    }

    /**
     * The portion of a job that Spark has given it up at.
     *
     * @return one of them, or null where Spark's words do not tell
     */
    static @Nullable Portion blamed(List<Portion> portions, Throwable why) {
        Matcher partition = PARTITION.matcher(String.valueOf(why.getMessage()));
        int number = partition.find() ? Integer.parseInt(partition.group(1)) : portions.size();
        return number < portions.size() ? portions.get(number) : null;
    }

    /**
     * The exception for a job that has failed.
     *
     * @param portion where, or null where that is not known
     */
    static Throwable of(@Nullable Portion portion, Throwable why, Executors executors) {
        String text = String.valueOf(why.getMessage());
        if (!(why instanceof SparkException)) {
            return why;
        }
        if (text.contains("ancelled") && !text.contains("Lost task")) {
            return new CancellationException("Spark has cancelled the job: " + text);
        }
        if (text.contains("ExecutorLostFailure") || text.contains("Unable to deserialize task")) {
            Matcher executor = EXECUTOR.matcher(text);
            return died(portion, "Spark has given up " + range(portion) + ": " + firstLines(text),
                    executors.loss(executor.find() ? executor.group(1) : "",
                            portion == null ? executors.began : portion.made));
        }
        boolean isOurs = text.contains("ClassNotFoundException: io.cleave") || text.contains("io/cleave");
        String remedy = isOurs
                ? "; the executors need the jars of cleave, cleave-spark, fory-core and jspecify: name them in "
                        + "spark.jars"
                : "";
        return new WorkerException("Spark has failed at " + range(portion) + ": " + firstLines(text) + remedy,
                item(portion), place(portion), "a Spark executor", text, why);
    }

    /** The error for a portion at which an executor has died. */
    static WorkerDiedException died(@Nullable Portion portion, String what, Executors.Loss loss) {
        String message = what + (loss.reason().isEmpty() ? "" : "; the executor that was lost: " + loss.reason())
                + (loss.errorOutput().isEmpty() ? "" : "; the end of its standard error:\n" + loss.errorOutput());
        WorkerDiedException died = new WorkerDiedException(message, -1, "", loss.errorOutput(), "");
        died.addSuppressed(new WorkerException(what, item(portion), place(portion),
                loss.executor(), "", null));
        return died;
    }

    private static String range(@Nullable Portion portion) {
        return portion == null ? "some items" : portion.range();
    }

    private static String item(@Nullable Portion portion) {
        return portion == null ? "" : Failure.textOf(portion.firstItem);
    }

    private static long place(@Nullable Portion portion) {
        return portion != null && portion.count == 1 ? portion.first : -1;
    }

    private static String firstLines(String text) {
        int driverStack = text.indexOf("\nDriver stacktrace:");
        String shown = driverStack < 0 ? text : text.substring(0, driverStack);
        return shown.length() <= MOST_TEXT ? shown : shown.substring(0, MOST_TEXT) + "...";
    }
}
