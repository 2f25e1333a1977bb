package io.cleave.spark;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.work.Failure;
import java.util.concurrent.CancellationException;
import org.apache.spark.SparkException;

/** What becomes of a portion that Spark has given up, as the caller learns it. */
final class Losses {
    private static final int MOST_TEXT = 4096;

    private Losses() {
    }

    /** The exception for a portion whose job has failed. */
    static Throwable of(Portion portion, Throwable why, Executors executors) {
        String text = String.valueOf(why.getMessage());
        if (!(why instanceof SparkException)) {
            return why;
        }
        if (text.contains("ancelled") && !text.contains("Lost task")) {
            return new CancellationException("Spark has cancelled the job: " + text);
        }
        if (text.contains("ExecutorLostFailure") || text.contains("Unable to deserialize task")) {
            return died(portion, "Spark has given up " + portion.range() + ": " + firstLines(text),
                    executors.lastLoss());
        }
        boolean isOurs = text.contains("ClassNotFoundException: io.cleave") || text.contains("io/cleave");
        String remedy = isOurs
                ? "; the executors need the jars of cleave, cleave-spark, fory-core and jspecify: name them in "
                        + "spark.jars"
                : "";
        return new WorkerException("Spark has failed at " + portion.range() + ": " + firstLines(text) + remedy,
                Failure.textOf(portion.firstItem), place(portion), "a Spark executor", text, why);
    }

    /** The error for a portion at which an executor has died. */
    static WorkerDiedException died(Portion portion, String what, Executors.Loss loss) {
        String message = what + (loss.reason().isEmpty() ? "" : "; the last executor that was lost: " + loss.reason())
                + (loss.errorOutput().isEmpty() ? "" : "; the end of its standard error:\n" + loss.errorOutput());
        WorkerDiedException died = new WorkerDiedException(message, -1, "", loss.errorOutput(), "");
        died.addSuppressed(new WorkerException(what, Failure.textOf(portion.firstItem), place(portion),
                loss.executor(), "", null));
        return died;
    }

    private static long place(Portion portion) {
        return portion.count == 1 ? portion.first : -1;
    }

    private static String firstLines(String text) {
        int driverStack = text.indexOf("\nDriver stacktrace:");
        String shown = driverStack < 0 ? text : text.substring(0, driverStack);
        return shown.length() <= MOST_TEXT ? shown : shown.substring(0, MOST_TEXT) + "...";
    }
}
