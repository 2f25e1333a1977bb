package io.cleave.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.foreign.Linker;
import java.lang.module.ModuleDescriptor;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {

    /** From the bottom to the top. */
    private static final List<String> LAYERS = List.of("os", "memory", "owner", "heap", "sync", "channel", "share",
            "work",
            "fork",
            "objects",
            "pool", "worker",
            "fission");

    /** Making a type public is a promise to users, so it is made here too. */
    private static final String PUBLIC_TYPES = """
            io.cleave.AllocationException
            io.cleave.AlreadyExistsException
            io.cleave.BlockNotFoundException
            io.cleave.CleaveException
            io.cleave.HeapFullException
            io.cleave.IncompatibleBlockException
            io.cleave.OwnerDiedException
            io.cleave.StaleReferenceException
            io.cleave.TokenException
            io.cleave.WorkerDiedException
            io.cleave.WorkerException
            io.cleave.fission.Fission
            io.cleave.fission.Fission$Builder
            io.cleave.fission.FissionReport
            io.cleave.fission.Support
            io.cleave.fission.Support$Supported
            io.cleave.fission.Support$Unsupported
            io.cleave.memory.BlockInfo
            io.cleave.memory.BlockInfo$Creator
            io.cleave.memory.BlockInfo$State
            io.cleave.memory.BlockKind
            io.cleave.memory.Cleanup
            io.cleave.memory.CleanupResult
            io.cleave.memory.Lifetime
            io.cleave.memory.MemoryOptions
            io.cleave.memory.SharedMemory
            io.cleave.objects.Delivery
            io.cleave.objects.FieldAccess
            io.cleave.objects.FieldAccess$Mode
            io.cleave.objects.HeapBlock
            io.cleave.objects.HeapInfo
            io.cleave.objects.HeapInfo$Named
            io.cleave.objects.HeapOptions
            io.cleave.objects.HeapReference
            io.cleave.objects.HeapStatistics
            io.cleave.objects.HeapStatistics$SizeClass
            io.cleave.objects.HeapVerification
            io.cleave.objects.Live
            io.cleave.objects.SharedDoubleList
            io.cleave.objects.SharedDoubleQueue
            io.cleave.objects.SharedHeap
            io.cleave.objects.SharedIntList
            io.cleave.objects.SharedIntQueue
            io.cleave.objects.SharedList
            io.cleave.objects.SharedLongList
            io.cleave.objects.SharedLongQueue
            io.cleave.objects.SharedMap
            io.cleave.objects.SharedQueue
            io.cleave.objects.SharedSet
            io.cleave.objects.StructureType
            io.cleave.pool.AsyncPool
            io.cleave.pool.AsyncPool$Builder
            io.cleave.pool.AsyncTask
            io.cleave.pool.Initializer
            io.cleave.pool.Outcome
            io.cleave.pool.Outcome$Failure
            io.cleave.pool.Outcome$Success
            io.cleave.pool.Parallel
            io.cleave.pool.Pool
            io.cleave.pool.ProcessPool
            io.cleave.pool.ProcessPool$Builder
            io.cleave.pool.ProgressListener
            io.cleave.pool.SerializableCallable
            io.cleave.pool.SerializableRunnable
            io.cleave.pool.StartMethod
            io.cleave.pool.Task
            io.cleave.pool.ThreadPool
            io.cleave.pool.WorkerOutput
            io.cleave.share.Codec
            io.cleave.share.Codec$Sink
            io.cleave.share.Codec$Source
            io.cleave.share.ElementType
            io.cleave.share.Lease
            io.cleave.share.Replica
            io.cleave.share.Share
            io.cleave.share.SharedData
            io.cleave.share.Tensor
            io.cleave.share.ValueInfo
            io.cleave.share.ValueInfo$State
            io.cleave.share.WriteOptions
            io.cleave.sync.Acquisition
            io.cleave.sync.FutexWord
            io.cleave.sync.FutexWord$Wait
            io.cleave.sync.Hold
            io.cleave.sync.SharedAtomicInt
            io.cleave.sync.SharedAtomicLong
            io.cleave.sync.SharedBarrier
            io.cleave.sync.SharedCountDownLatch
            io.cleave.sync.SharedEvent
            io.cleave.sync.SharedMutex
            io.cleave.sync.SharedReadWriteLock
            io.cleave.sync.SharedReadWriteLock$ReadLock
            io.cleave.sync.SharedReadWriteLock$WriteLock
            io.cleave.sync.SharedSemaphore
            """;

    private static final Set<String> PRINTING = Set.of("append", "format", "print", "printf", "println", "write");

    private static final JavaClasses LIBRARY = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.cleave");

    @Test
    void dependenciesPointDown() {
        layersOf("io.cleave").check(LIBRARY);
    }

    @Test
    void theRuleAboutLayersCanFail() {
        String wrong = ArchitectureTest.class.getPackageName() + ".wronglayers";
        JavaClasses fixture = new ClassFileImporter().importPackages(wrong);

        assertThatThrownBy(() -> layersOf(wrong).check(fixture)).isInstanceOf(AssertionError.class)
                .hasMessageContaining(wrong + ".os.Wrong.depend()")
                .hasMessageContaining(wrong + ".memory.Higher");
    }

    @Test
    void everyClassIsInALayer() {
        classes().should().resideInAnyPackage(Stream.concat(Stream.of("io.cleave"), packagesOf("io.cleave", LAYERS))
                .toArray(String[]::new))
                .because("a package that no rule knows would be bound by none: give it its place in LAYERS")
                .check(LIBRARY);
    }

    @Test
    void downcallsAreMadeInOsOnly() {
        noClasses().that().resideOutsideOfPackage("io.cleave.os..")
                .should().dependOnClassesThat().areAssignableTo(Linker.class)
                .because("a wrong downcall crashes the JVM, so all of them have to be found and reviewed in one place")
                .check(LIBRARY);
    }

    @Test
    void theLibraryDoesNotPrint() {
        noClasses().that().resideOutsideOfPackage("io.cleave.worker..").and().doNotHaveSimpleName("OutputPump")
                .should().callMethodWhere(describe("something is printed", ArchitectureTest::prints))
                .because("the standard streams belong to the program that uses the library, which may flush them only;"
                        + " a worker JVM's are carried there where the program wants them")
                .check(LIBRARY);
    }

    @Test
    void thePublicTypesAreTheseAndNoOthers() throws IOException, URISyntaxException {
        Set<String> exported = exportedPackages();
        List<String> actual = LIBRARY.stream()
                .filter(type -> exported.contains(type.getPackageName()) && isPublic(type))
                .map(JavaClass::getName)
                .sorted()
                .toList();

        assertThat(actual).containsExactlyElementsOf(PUBLIC_TYPES.lines().toList());
    }

    /** Each layer may use those below it, and all may use the errors in the root package, which uses none of them. */
    private static ArchRule layersOf(String root) {
        List<ArchRule> rules = new ArrayList<>();
        rules.add(noClasses().that().resideInAPackage(root)
                .should().dependOnClassesThat().resideInAnyPackage(packages(root, LAYERS))
                .because("all layers use the root package, so that it would close a cycle"));
        for (int i = 0; i < LAYERS.size() - 1; i++) {
            rules.add(noClasses().that().resideInAPackage(root + "." + LAYERS.get(i) + "..")
                    .should().dependOnClassesThat()
                    .resideInAnyPackage(packages(root, LAYERS.subList(i + 1, LAYERS.size())))
                    .because("a layer must be understood, tested and replaced without those above it"));
        }
        return CompositeArchRule.of(rules).allowEmptyShould(true);
    }

    private static String[] packages(String root, List<String> layers) {
        return packagesOf(root, layers).toArray(String[]::new);
    }

    private static Stream<String> packagesOf(String root, List<String> layers) {
        return layers.stream().map(layer -> root + "." + layer + "..");
    }

    private static Set<String> exportedPackages() throws IOException, URISyntaxException {
        // Not as a resource: other jars of the class path have a descriptor too.
        URL classes = LIBRARY.iterator().next().reflect().getProtectionDomain().getCodeSource().getLocation();
        try (InputStream descriptor = Files.newInputStream(Path.of(classes.toURI()).resolve("module-info.class"))) {
            return ModuleDescriptor.read(descriptor).exports().stream()
                    .map(ModuleDescriptor.Exports::source)
                    .collect(Collectors.toSet());
        }
    }

    private static boolean prints(JavaMethodCall call) {
        return call.getName().equals("printStackTrace")
                ? call.getTarget().getRawParameterTypes().isEmpty()
                : call.getTargetOwner().isAssignableTo(PrintStream.class) && PRINTING.contains(call.getName());
    }

    private static boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(ArchitectureTest::isPublic).orElse(true);
    }
}
