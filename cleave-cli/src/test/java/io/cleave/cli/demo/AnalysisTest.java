package io.cleave.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cleave.share.Codec;
import io.cleave.share.SharedData;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class AnalysisTest {
    private static ClassIndex index;

    @BeforeAll
    static void load() throws IOException {
        index = ClassIndex.load((done, total) -> assertThat(done).isLessThanOrEqualTo(total));
    }

    private static ClassFacts facts(String name) {
        return new ClassAnalysis(index).analyse(node(name));
    }

    private static ClassNode node(String name) {
        ClassNode node = index.find(name);
        assertThat(node).as(name).isNotNull();
        return node;
    }

    private static List<ClassNode> sample(int limit) {
        return ClassIndex.spread(index.classes(), limit);
    }

    private static byte[] serialized(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    @Test
    void theIndexHoldsTheWholeJdk() {
        assertThat(index.classes()).hasSizeGreaterThan(5_000);
        assertThat(index.classes().get(node("java/lang/String").id())).isSameAs(node("java/lang/String"));
        assertThat(node("java/lang/String").module()).isEqualTo("java.base");
        assertThat(index.moduleCount()).isGreaterThan(1);
        assertThat(index.byteSize()).isGreaterThan(10_000_000);
    }

    @Test
    void noSerializerCarriesTheIndexButEveryResult() throws Exception {
        assertThatExceptionOfType(NotSerializableException.class).isThrownBy(() -> serialized(index.classes()));
        ClassFacts facts = facts("java/util/ArrayList");
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(serialized(facts)))) {
            Findings original = new Findings(index);
            original.add(facts);
            Findings copy = new Findings(index);
            copy.add((ClassFacts) in.readObject());
            assertThat(copy).isEqualTo(original);
        }
    }

    @Test
    void aCallIsTracedToTheMethodThatItMeans() {
        int size = node("java/util/Collection").declared("stream()Ljava/util/stream/Stream;");
        assertThat(node("java/util/ArrayList").resolve("stream()Ljava/util/stream/Stream;")).isEqualTo(size);
        assertThat(index.methodName(size)).isEqualTo("java.util.Collection.stream()");
        assertThat(node("java/util/ArrayList").resolve("hashCode()I"))
                .isEqualTo(node("java/util/ArrayList").declared("hashCode()I"));
        assertThat(node("java/util/ArrayList").resolve("noSuchMethod()V")).isEqualTo(-1);
        int insert = node("java/util/List").declared("add(ILjava/lang/Object;)V");
        assertThat(index.methodName(insert)).isEqualTo("java.util.List.add(int, Object)");
    }

    @Test
    void theFactsOfAClassAreThoseOfItsBytes() throws Exception {
        ClassFacts facts = facts("java/util/ArrayList");
        assertThat(facts.depth).isEqualTo(3); // AbstractList, AbstractCollection, Object
        assertThat(facts.fields).isEqualTo(ArrayList.class.getDeclaredFields().length);
        assertThat(facts.codeSizes).hasSize(ArrayList.class.getDeclaredMethods().length
                + ArrayList.class.getDeclaredConstructors().length + 1); // and the class initialiser
        assertThat(facts.verifyErrors).isEmpty();
        assertThat(facts.mentions).contains(node("java/util/AbstractList").id()).isSorted();
    }

    @Test
    void abstractMethodsHaveNoCode() {
        assertThat(facts("java/util/Iterator").codeSizes).contains(0);
        assertThat(facts("java/lang/Runnable").codeSizes).containsExactly(0);
    }

    @Test
    void theSameClassAlwaysGivesTheSameFacts() throws Exception {
        for (ClassNode node : sample(50)) {
            assertThat(serialized(new ClassAnalysis(index).analyse(node)))
                    .isEqualTo(serialized(new ClassAnalysis(index).analyse(node)));
        }
    }

    @Test
    void sequenceAndThreadsAgreeToTheLastFigure() throws Exception {
        List<ClassNode> items = sample(400);
        AtomicLong heard = new AtomicLong();
        Way.Outcome sequential = Way.sequential().run(index, items, (done, total) -> heard.set(done));
        assertThat(heard).hasValue(400);
        Way.Outcome threads = Way.threads(3).run(index, items, (done, total) -> {});
        assertThat(threads.findings()).isEqualTo(sequential.findings()).hasSameHashCodeAs(sequential.findings());
        assertThat(threads.findings().classes()).isEqualTo(400);
        assertThat(threads.report()).isNull();
    }

    @Test
    void processesFindTheSameWithAnIndexOfTheirOwn() throws Exception {
        List<ClassNode> items = sample(400);
        Way.Outcome processes = Way.processes(2).run(index, items, (done, total) -> {});
        assertThat(processes.findings()).isEqualTo(Way.sequential().run(index, items, (d, t) -> {}).findings());
        assertThat(processes.report()).isNull();
        assertThat(processes.handOver()).isNotNull();
        assertThat(processes.handOver().bytes()).isBetween(1_000_000L, index.byteSize());
        assertThat(processes.handOver().processes()).isBetween(1, 2);
    }

    @Test
    void whatGoesToAnotherProcessAndBackCanBeEncoded() throws Exception {
        try (SharedData<IndexData> data = SharedData.of(index.data())) {
            RemoteAnalysis task = new RemoteAnalysis(data.name());
            ClassNode list = node("java/util/ArrayList");
            RemoteAnalysis.Item item = new RemoteAnalysis.Item(list.id(), list.bytes());
            for (Codec codec : List.of(Codec.java(), Codec.standard())) {
                RemoteAnalysis.Answer answer = copy(copy(task, codec).apply(copy(item, codec)), codec);
                assertThat(serialized(answer.facts())).isEqualTo(serialized(facts("java/util/ArrayList")));
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> T copy(T value, Codec codec) throws IOException {
        byte[] bytes = codec.encode(value);
        return (T) codec.decode(bytes, 0, bytes.length);
    }

    @Test
    void anIndexMadeOfDataIsTheSame() throws Exception {
        byte[] bytes = serialized(index.data());
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            assertThat(serialized(ClassIndex.of((IndexData) in.readObject()).data())).isEqualTo(bytes);
        }
    }

    @Test
    void mergedSumsDoNotDependOnTheOrder() {
        ClassAnalysis analysis = new ClassAnalysis(index);
        List<ClassFacts> facts = new ArrayList<>(sample(200).stream().map(analysis::analyse).toList());
        Findings straight = new Findings(index);
        facts.forEach(straight::add);
        Collections.shuffle(facts, new Random(1));
        Findings shuffled = new Findings(index);
        facts.forEach(shuffled::add);
        assertThat(shuffled).isEqualTo(straight);
    }

    @Test
    void partsThatHaveTravelledMakeTheWhole() throws Exception {
        ClassAnalysis analysis = new ClassAnalysis(index);
        List<ClassFacts> facts = sample(200).stream().map(analysis::analyse).toList();
        Findings whole = new Findings(index);
        facts.forEach(whole::add);
        Findings merged = new Findings(index);
        for (List<ClassFacts> part : List.of(facts.subList(120, facts.size()), facts.subList(0, 120))) {
            Findings findings = new Findings(index);
            part.forEach(findings::add);
            byte[] travelled = Codec.standard().encode(findings);
            merged.merge((Findings) Objects.requireNonNull(Codec.standard().decode(travelled, 0, travelled.length)));
        }
        assertThat(merged).isEqualTo(whole);
        assertThat(merged.verifyErrors()).isEqualTo(whole.verifyErrors());
    }

    @Test
    void aSingleDifferentFigureIsNoticed() {
        ClassAnalysis analysis = new ClassAnalysis(index);
        Findings one = new Findings(index);
        Findings other = new Findings(index);
        for (ClassNode node : sample(20)) {
            one.add(analysis.analyse(node));
            ClassFacts facts = analysis.analyse(node);
            if (node.name().equals(sample(20).get(7).name()) && facts.opcodes.length > 0) {
                facts.opcodes[1]++;
            }
            other.add(facts);
        }
        assertThat(other).isNotEqualTo(one);
    }

    @Test
    void listsAreSortedByFigureAndThenByName() {
        Findings findings = new Findings(index);
        ClassAnalysis analysis = new ClassAnalysis(index);
        sample(300).forEach(node -> findings.add(analysis.analyse(node)));
        for (List<Findings.Figure> list : List.of(findings.mostCalled(7), findings.largestMethods(7),
                findings.mostMethods(7), findings.deepest(7), findings.opcodes(7), findings.strings(7),
                findings.mostMentioned(7), findings.mostFields(7))) {
            assertThat(list).hasSize(7).isSortedAccordingTo(
                    Comparator.comparingLong(Findings.Figure::value).reversed().thenComparing(Findings.Figure::name));
        }
        assertThat(findings.mostCalled(0)).isEmpty();
        assertThat(findings.opcodes(1_000)).hasSizeLessThan(300).allMatch(figure -> figure.value() > 0);
        assertThat(findings.verifyErrors()).isEmpty();
    }

    @Test
    void aSampleIsSpreadOverAllClasses() {
        int all = index.classes().size();
        assertThat(sample(10)).hasSize(10).doesNotHaveDuplicates();
        assertThat(sample(10).getLast().id()).isGreaterThan(all / 2);
        assertThat(sample(Integer.MAX_VALUE)).isEqualTo(index.classes());
        assertThat(Arrays.stream(new int[] {1, 2}).mapToObj(AnalysisTest::sample).mapToInt(List::size))
                .containsExactly(1, 2);
    }
}
