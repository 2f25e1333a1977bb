package io.cleave.objects;

import com.google.common.collect.testing.ListTestSuiteBuilder;
import com.google.common.collect.testing.TestStringListGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import com.google.common.collect.testing.features.ListFeature;
import io.cleave.testing.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import junit.framework.TestSuite;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The suites that Guava's own lists have to pass: by this process alone, and where each second change is made by another
 * one. Left out are the features that these lists do not have: iterators that fail fast, serialization.
 */
class ListConformanceTest {
    private final List<String> names = new ArrayList<>();
    private SharedHeap heap;
    private int number;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("lists" + ProcessHandle.current().pid(), 64 << 20);
    }

    @AfterEach
    void close() {
        heap.close();
    }

    @TestFactory
    Stream<DynamicNode> aListIsAList() {
        return Stream.of(GuavaSuite.node(suite(name -> heap.list(name, String.class))));
    }

    @TestFactory
    Stream<DynamicNode> aListThatAnotherProcessChangesTooIsOne() {
        ChildJvm jvm = ChildJvm.start(Changing.class, heap.name());
        Halves.Counter calls = new Halves.Counter();
        return Stream.of(GuavaSuite.node(suite(name -> new Halves(name, heap.list(name, String.class), jvm, calls))),
                DynamicTest.dynamicTest("the other process has done its part", jvm::close));
    }

    private TestSuite suite(Function<String, List<String>> maker) {
        return ListTestSuiteBuilder.using(new TestStringListGenerator() {
            @Override
            protected List<String> create(String[] elements) {
                String name = "list" + number++;
                names.add(name);
                List<String> list = maker.apply(name);
                list.addAll(Arrays.asList(elements));
                return list;
            }
        }).named("list").withFeatures(ListFeature.GENERAL_PURPOSE, CollectionFeature.ALLOWS_NULL_VALUES,
                CollectionFeature.SUPPORTS_ITERATOR_REMOVE, CollectionSize.ANY).withTearDown(this::dropAll)
                .createTestSuite();
    }

    private void dropAll() {
        names.forEach(heap::drop);
        names.clear();
    }

    /** A list of which each second change is made by another process. */
    private static final class Halves extends AbstractList<String> {
        private final String name;
        private final List<String> list;
        private final ChildJvm jvm;
        private final Counter calls;

        /** How many calls the other process has been asked for, and how many there were. */
        private static final class Counter {
            private int all;
            private int others;
        }

        Halves(String name, List<String> list, ChildJvm jvm, Counter calls) {
            this.name = name;
            this.list = list;
            this.jvm = jvm;
            this.calls = calls;
        }

        private boolean isOther(String call, int index, String element) {
            if (calls.all++ % 2 == 0) {
                return false;
            }
            jvm.send(call + " " + name + " " + index + " " + (element == null ? "-" : "+" + element));
            calls.others++;
            String _ = jvm.awaitLine("done " + calls.others + " ");
            return true;
        }

        @Override
        public int size() {
            return list.size();
        }

        @Override
        public String get(int index) {
            return list.get(index);
        }

        @Override
        public String set(int index, String element) {
            String old = list.get(index);
            return isOther("set", index, element) ? old : list.set(index, element);
        }

        @Override
        public void add(int index, String element) {
            Objects.checkIndex(index, size() + 1);
            if (!isOther("add", index, element)) {
                list.add(index, element);
            }
            modCount++;
        }

        @Override
        public String remove(int index) {
            String old = list.get(index);
            modCount++;
            return isOther("remove", index, null) ? old : list.remove(index);
        }
    }

    /** The other process. Its argument: the heap. */
    @SuppressWarnings("SystemOut")
    public static final class Changing {
        private Changing() {
        }

        /** Reads lines of a call, the name of a list, an index, and an element. */
        public static void main(String[] arguments) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                int count = 0;
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String[] parts = line.split(" ", 4);
                    List<String> list = heap.list(parts[1], String.class);
                    int index = Integer.parseInt(parts[2]);
                    String element = parts[3].equals("-") ? null : parts[3].substring(1);
                    switch (parts[0]) {
                        case "set" -> list.set(index, element);
                        case "add" -> list.add(index, element);
                        default -> list.remove(index);
                    }
                    System.out.println("done " + ++count + " ");
                }
            }
        }
    }
}
