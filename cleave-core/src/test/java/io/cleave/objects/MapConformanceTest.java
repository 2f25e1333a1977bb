package io.cleave.objects;

import com.google.common.collect.testing.ConcurrentMapTestSuiteBuilder;
import com.google.common.collect.testing.SetTestSuiteBuilder;
import com.google.common.collect.testing.TestStringMapGenerator;
import com.google.common.collect.testing.TestStringSetGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import com.google.common.collect.testing.features.MapFeature;
import com.google.common.collect.testing.features.SetFeature;
import io.cleave.testing.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import junit.framework.TestCase;
import junit.framework.TestFailure;
import junit.framework.TestResult;
import junit.framework.TestSuite;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The suites that Guava's own collections have to pass, for maps and sets: filled by this process, and by another one. Left
 * out are the features that these do not have: nulls, a known order, failing fast, serialization.
 */
class MapConformanceTest {
    private static final String NAME = "conformance";

    private SharedHeap heap;
    private int number;

    @BeforeEach
    void open() {
        heap = SharedHeap.create(NAME + ProcessHandle.current().pid(), 256 << 20);
    }

    @AfterEach
    void close() {
        heap.close();
    }

    /** Fills what this process has made. */
    private interface Filler {
        void fill(String kind, String name, Iterable<String> words);
    }

    private SharedMap<String, String> map(String name) {
        return heap.map(name, String.class, String.class);
    }

    private void fillHere(String kind, String name, Iterable<String> words) {
        for (String word : words) {
            fill(heap, kind, name, word);
        }
    }

    private static void fill(SharedHeap heap, String kind, String name, String word) {
        if (kind.equals("map")) {
            String[] pair = word.split("=", 2);
            heap.map(name, String.class, String.class).put(pair[0], pair[1]);
        } else {
            heap.set(name, String.class).add(word);
        }
    }

    @TestFactory
    Stream<DynamicNode> aMapIsAConcurrentMap() {
        return Stream.of(node(mapSuite(this::fillHere)));
    }

    @TestFactory
    Stream<DynamicNode> aSetIsASet() {
        return Stream.of(node(setSuite(this::fillHere)));
    }

    @TestFactory
    Stream<DynamicNode> whatAnotherProcessHasFilledIsOne() {
        Other other = new Other(heap.name());
        return Stream.of(node(mapSuite(other::fill)), node(setSuite(other::fill)),
                DynamicTest.dynamicTest("the other process has done it", other::close));
    }

    private TestSuite mapSuite(Filler filler) {
        return ConcurrentMapTestSuiteBuilder.using(new TestStringMapGenerator() {
            @Override
            protected Map<String, String> create(Map.Entry<String, String>[] entries) {
                String name = "map" + number++;
                SharedMap<String, String> map = map(name);
                for (Map.Entry<String, String> entry : entries) {
                    filler.fill("map", name, Set.of(Objects.requireNonNull(entry.getKey()) + "="
                            + Objects.requireNonNull(entry.getValue())));
                }
                return map;
            }
        }).named("map").withFeatures(MapFeature.GENERAL_PURPOSE, CollectionSize.ANY,
                CollectionFeature.SUPPORTS_ITERATOR_REMOVE).withTearDown(this::dropAll).createTestSuite();
    }

    private TestSuite setSuite(Filler filler) {
        return SetTestSuiteBuilder.using(new TestStringSetGenerator() {
            @Override
            protected Set<String> create(String[] elements) {
                String name = "set" + number++;
                SharedSet<String> set = heap.set(name, String.class);
                for (String element : elements) {
                    filler.fill("set", name, Set.of(element));
                }
                return set;
            }
        }).named("set").withFeatures(SetFeature.GENERAL_PURPOSE, CollectionSize.ANY)
                .withTearDown(this::dropAll).createTestSuite();
    }

    private void dropAll() {
        for (String name : heap.names()) {
            heap.drop(name);
        }
    }

    static DynamicNode node(junit.framework.Test test) {
        if (test instanceof TestSuite suite) {
            return DynamicContainer.dynamicContainer(suite.getName(),
                    Collections.list(suite.tests()).stream().map(MapConformanceTest::node));
        }
        TestCase single = (TestCase) test;
        return DynamicTest.dynamicTest(single.getName(), () -> run(single));
    }

    private static void run(TestCase test) throws Throwable {
        TestResult result = new TestResult();
        test.run(result);
        for (TestFailure failure : Collections.list(result.failures())) {
            throw failure.thrownException();
        }
        for (TestFailure error : Collections.list(result.errors())) {
            throw error.thrownException();
        }
    }

    /** A process that fills what it is told to. */
    private static final class Other {
        private final ChildJvm jvm;
        private int count;

        Other(String heap) {
            jvm = ChildJvm.start(Filling.class, heap);
        }

        void fill(String kind, String name, Iterable<String> words) {
            for (String word : words) {
                jvm.send(kind + " " + name + " " + word);
                count++;
            }
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

        /** Reads lines of a kind, a name and what is to be put there. */
        public static void main(String[] arguments) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                int count = 0;
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String[] parts = line.split(" ", 3);
                    fill(heap, parts[0], parts[1], parts[2]);
                    System.out.println("done " + ++count + " ");
                }
            }
        }
    }
}
