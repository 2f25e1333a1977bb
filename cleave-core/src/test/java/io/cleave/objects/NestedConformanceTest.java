package io.cleave.objects;

import com.google.common.collect.testing.ConcurrentMapTestSuiteBuilder;
import com.google.common.collect.testing.ListTestSuiteBuilder;
import com.google.common.collect.testing.SampleElements;
import com.google.common.collect.testing.TestListGenerator;
import com.google.common.collect.testing.TestMapGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import com.google.common.collect.testing.features.ListFeature;
import com.google.common.collect.testing.features.MapFeature;
import com.google.common.collect.testing.testers.ListRemoveAtIndexTester;
import com.google.common.collect.testing.testers.ListSetTester;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import junit.framework.TestSuite;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/** The suites that Guava's own collections have to pass, for maps and lists of lists. */
class NestedConformanceTest {
    private SharedHeap heap;
    private int number;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("nested" + ProcessHandle.current().pid(), 256 << 20);
    }

    @AfterEach
    void close() {
        heap.close();
    }

    private void dropAll() {
        for (String name : heap.names()) {
            heap.drop(name);
        }
    }

    @TestFactory
    Stream<DynamicNode> aMapOfListsIsAConcurrentMap() {
        return Stream.of(GuavaSuite.node(mapSuite()));
    }

    @TestFactory
    Stream<DynamicNode> aListOfListsIsAList() {
        return Stream.of(GuavaSuite.node(listSuite()));
    }

    private TestSuite mapSuite() {
        return ConcurrentMapTestSuiteBuilder.using(new MapGenerator()).named("map of lists")
                .withFeatures(MapFeature.GENERAL_PURPOSE, CollectionSize.ANY,
                        CollectionFeature.SUPPORTS_ITERATOR_REMOVE)
                .withTearDown(this::dropAll).createTestSuite();
    }

    private TestSuite listSuite() {
        return ListTestSuiteBuilder.using(new ListGenerator()).named("list of lists")
                .withFeatures(ListFeature.GENERAL_PURPOSE, CollectionSize.ANY, CollectionFeature.ALLOWS_NULL_VALUES)
                .suppressing(readingBefore())
                .withTearDown(this::dropAll).createTestSuite();
    }

    /** Those that read an element before they remove it, and compare that after: it is live, and so has ended. */
    private static List<Method> readingBefore() {
        return Stream.<Class<?>>of(ListRemoveAtIndexTester.class, ListSetTester.class)
                .flatMap(tester -> Stream.of(tester.getDeclaredMethods()))
                .filter(method -> Set.of("testRemoveAtIndex_first", "testRemoveAtIndex_middle",
                        "testRemoveAtIndex_last", "testSet", "testSet_null").contains(method.getName()))
                .toList();
    }

    /** Maps of lists with some entries. */
    private final class MapGenerator implements TestMapGenerator<String, List<String>> {
        @Override
        public SampleElements<Map.Entry<String, List<String>>> samples() {
            return new SampleElements<>(Map.entry("one", List.of("January")), Map.entry("two", List.of()),
                    Map.entry("three", List.of("March", "a longer text")), Map.entry("four", List.of("April")),
                    Map.entry("five", List.of("May", "June")));
        }

        @Override
        @SuppressWarnings("unchecked") // what the caller has made
        public Map<String, List<String>> create(Object... entries) {
            SharedMap<String, List<String>> map = heap.map("map" + number++, String.class,
                    StructureType.list(String.class));
            for (Object each : entries) {
                Map.Entry<String, List<String>> entry = (Map.Entry<String, List<String>>) each;
                map.put(entry.getKey(), entry.getValue());
            }
            return map;
        }

        @Override
        @SuppressWarnings("unchecked") // an array of what the suite asks for
        public Map.Entry<String, List<String>>[] createArray(int length) {
            return (Map.Entry<String, List<String>>[]) new Map.Entry<?, ?>[length];
        }

        @Override
        public Iterable<Map.Entry<String, List<String>>> order(List<Map.Entry<String, List<String>>> insertionOrder) {
            return insertionOrder;
        }

        @Override
        public String[] createKeyArray(int length) {
            return new String[length];
        }

        @Override
        @SuppressWarnings("unchecked") // an array of what the suite asks for
        public List<String>[] createValueArray(int length) {
            return (List<String>[]) new List<?>[length];
        }
    }

    /** Lists of lists with some elements. */
    private final class ListGenerator implements TestListGenerator<List<String>> {
        @Override
        public SampleElements<List<String>> samples() {
            return new SampleElements<>(List.of("a"), List.of("b", "a longer text"), List.of(), List.of("d"),
                    List.of("e", "f"));
        }

        @Override
        @SuppressWarnings("unchecked") // what the caller has made
        public List<List<String>> create(Object... elements) {
            SharedList<List<String>> list = heap.list("list" + number++, StructureType.list(String.class));
            for (Object each : elements) {
                list.add((List<String>) each);
            }
            return list;
        }

        @Override
        @SuppressWarnings("unchecked") // an array of what the suite asks for
        public List<String>[] createArray(int length) {
            return (List<String>[]) new List<?>[length];
        }

        @Override
        public Iterable<List<String>> order(List<List<String>> insertionOrder) {
            return insertionOrder;
        }
    }
}
