package io.cleave.objects;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;
import org.testng.annotations.Test;

/** What the Reactive Streams initiative tests of publishers; what it leaves open, or a queue has no use for, is skipped. */
class QueuePublisherConformanceTest {
    private SharedHeap heap;
    private int number;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("publisher" + ProcessHandle.current().pid(), 32 << 20);
    }

    @AfterEach
    void close() {
        heap.close();
    }

    @TestFactory
    Stream<DynamicTest> aQueueIsAPublisher() {
        return Arrays.stream(FlowPublisherVerification.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Test.class) && !method.getName().startsWith("untested"))
                .sorted(Comparator.comparing(Method::getName))
                .map(method -> DynamicTest.dynamicTest(method.getName(), () -> run(method)));
    }

    private void run(Method method) throws Throwable {
        Verification verification = new Verification();
        verification.setUp();
        try {
            method.invoke(verification);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof SkipException skipped) {
                Assumptions.abort(skipped.getMessage());
            }
            throw e.getCause();
        }
    }

    private final class Verification extends FlowPublisherVerification<Integer> {
        private static final int MOST = 2000;

        Verification() {
            super(new TestEnvironment(400, 50, 100));
        }

        @Override
        public long maxElementsFromPublisher() {
            return publisherUnableToSignalOnComplete();
        }

        @Override
        public Flow.Publisher<Integer> createFlowPublisher(long elements) {
            SharedQueue<Integer> queue = heap.queue("queue" + number++, Integer.class, MOST);
            for (int i = 0; i < Math.min(elements, MOST); i++) {
                queue.add(i);
            }
            return queue.publisher();
        }

        @Override
        public Flow.Publisher<Integer> createFailedFlowPublisher() {
            return null;
        }
    }
}
