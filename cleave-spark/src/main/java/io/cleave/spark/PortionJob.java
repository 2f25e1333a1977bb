package io.cleave.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.jspecify.annotations.Nullable;
import scala.Function0;
import scala.concurrent.ExecutionContext;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;
import scala.util.Try;

/** A Spark job with a partition for each of some portions. */
final class PortionJob {
    /** Hears of the job, in a thread of Spark's, and must not keep it. */
    interface Listener {
        /** A portion's answer is there. */
        void answered(Portion portion, byte[] answer);

        /** The job has come to its end; portions without an answer will not get one. */
        void ended(PortionJob job, @Nullable Throwable why);
    }

    private static final ExecutionContext DIRECT = ExecutionContext.fromExecutor(Runnable::run);

    final List<Portion> portions;
    private volatile @Nullable SimpleFutureAction<@Nullable Object> action;
    private volatile boolean cancelled;

    PortionJob(List<Portion> portions) {
        this.portions = portions;
    }

    /**
     * Hands the job to Spark's scheduler, with the local properties of the calling thread.
     *
     * @throws IllegalStateException where the context has been stopped
     */
    void submit(JavaSparkContext context, PortionWork work, Listener listener) {
        List<byte[]> items = new ArrayList<>(portions.size());
        List<Object> numbers = new ArrayList<>(portions.size());
        for (int i = 0; i < portions.size(); i++) {
            items.add(Objects.requireNonNull(portions.get(i).items));
            numbers.add(i);
        }
        RDD<byte[]> partitions = context.parallelize(items, items.size()).rdd();
        SparkContext spark = context.sc();
        SimpleFutureAction<@Nullable Object> submitted = spark.submitJob(partitions, work,
                CollectionConverters.asScala(numbers).toSeq(), new Answers(portions, listener), NOTHING);
        action = submitted;
        if (cancelled) {
            submitted.cancel();
        }
        submitted.onComplete(new End(this, listener), DIRECT);
    }

    /** Ends the job, and interrupts what of it is running. Ends nothing that has ended. */
    void cancel() {
        cancelled = true;
        SimpleFutureAction<?> submitted = action;
        if (submitted != null) {
            submitted.cancel();
        }
    }

    private static final Function0<@Nullable Object> NOTHING = new AbstractFunction0<>() {
        @Override
        public @Nullable Object apply() {
            return null;
        }
    };

    /** Takes the answers one by one. */
    private static final class Answers extends AbstractFunction2<Object, byte[], BoxedUnit> {
        private final List<Portion> portions;
        private final Listener listener;

        Answers(List<Portion> portions, Listener listener) {
            this.portions = portions;
            this.listener = listener;
        }

        @Override
        public BoxedUnit apply(Object number, byte[] answer) {
            listener.answered(portions.get((Integer) number), answer);
            return BoxedUnit.UNIT;
        }
    }

    /** Hears of the job's end. */
    private static final class End extends AbstractFunction1<Try<@Nullable Object>, BoxedUnit> {
        private final PortionJob job;
        private final Listener listener;

        End(PortionJob job, Listener listener) {
            this.job = job;
            this.listener = listener;
        }

        @Override
        public BoxedUnit apply(Try<@Nullable Object> outcome) {
            listener.ended(job, outcome.isFailure() ? outcome.failed().get() : null);
            return BoxedUnit.UNIT;
        }
    }
}
