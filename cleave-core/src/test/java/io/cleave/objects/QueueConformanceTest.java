package io.cleave.objects;

import com.google.common.collect.testing.QueueTestSuiteBuilder;
import com.google.common.collect.testing.TestStringQueueGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import com.google.common.collect.testing.features.Feature;
import io.cleave.testing.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.stream.Stream;
import junit.framework.TestSuite;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The suites that Guava's own queues have to pass: filled by this process, and by another one. Left out are the features that
 * these do not have: nulls, failing fast, serialization, and for stacks the order in which elements are put.
 */
class QueueConformanceTest {
    private static final int CAPACITY = 64;

    private SharedHeap heap;
    private int number;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("conformance" + ProcessHandle.current().pid(), 64 << 20);
    }

    @AfterEach
    void close() {
        heap.close();
    }

    private interface Filler {
        void fill(String name, String word);
    }

    private static SharedQueue<String> queue(SharedHeap heap, String name) {
        return name.startsWith("stack") ? heap.stack(name, String.class, CAPACITY)
                : heap.queue(name, String.class, CAPACITY);
    }

    @TestFactory
    Stream<DynamicNode> aQueueIsAQueueAndSoIsAStack() {
        Filler here = (name, word) -> queue(heap, name).add(word);
        return Stream.of(node("queue", here), node("stack", here));
    }

    @TestFactory
    Stream<DynamicNode> whatAnotherProcessHasFilledIsOne() {
        Other other = new Other(heap.name());
        return Stream.of(node("queue", other::fill), node("stack", other::fill),
                DynamicTest.dynamicTest("the other process has done it", other::close));
    }

    private DynamicNode node(String kind, Filler filler) {
        List<Feature<?>> features = kind.equals("queue")
                ? List.of(CollectionFeature.GENERAL_PURPOSE, CollectionFeature.KNOWN_ORDER, CollectionSize.ANY)
                : List.of(CollectionFeature.GENERAL_PURPOSE, CollectionSize.ANY);
        TestSuite suite = QueueTestSuiteBuilder.using(new TestStringQueueGenerator() {
            @Override
            protected Queue<String> create(String[] elements) {
                String name = kind + number++;
                SharedQueue<String> queue = queue(heap, name);
                for (String element : elements) {
                    filler.fill(name, Objects.requireNonNull(element));
                }
                return queue;
            }
        }).named(kind).withFeatures(features).withTearDown(() -> heap.names().forEach(heap::drop)).createTestSuite();
        return GuavaSuite.node(suite);
    }

    /** A process that fills what it is told to. */
    private static final class Other {
        private final ChildJvm jvm;
        private int count;

        Other(String heap) {
            jvm = ChildJvm.start(Filling.class, heap);
        }

        void fill(String name, String word) {
            jvm.send(name + " " + word);
            count++;
            String _ = jvm.awaitLine("done " + count + " ");
        }

        void close() {
            jvm.close();
        }
    }

    /** The other process. Its argument: the heap. */
    @SuppressWarnings("SystemOut")
    public static final class Filling {
        private Filling() {
        }

        /** Reads lines of a name and what is to be put there. */
        public static void main(String[] arguments) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                int count = 0;
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String[] parts = line.split(" ", 2);
                    queue(heap, parts[0]).add(parts[1]);
                    System.out.println("done " + ++count + " ");
                }
            }
        }
    }
}
