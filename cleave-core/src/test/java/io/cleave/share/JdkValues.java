package io.cleave.share;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.AttributedCharacterIterator;
import java.text.ChoiceFormat;
import java.text.DateFormat;
import java.text.DateFormatSymbols;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.ListFormat;
import java.text.MessageFormat;
import java.text.NumberFormat;
import java.text.SimpleDateFormat;
import java.time.Clock;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.chrono.HijrahChronology;
import java.time.chrono.HijrahDate;
import java.time.chrono.IsoChronology;
import java.time.chrono.JapaneseChronology;
import java.time.chrono.JapaneseDate;
import java.time.chrono.JapaneseEra;
import java.time.chrono.MinguoChronology;
import java.time.chrono.MinguoDate;
import java.time.chrono.ThaiBuddhistChronology;
import java.time.chrono.ThaiBuddhistDate;
import java.time.temporal.ValueRange;
import java.time.temporal.WeekFields;
import java.time.zone.ZoneOffsetTransitionRule;
import java.util.AbstractMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Calendar;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Currency;
import java.util.Date;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.GregorianCalendar;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.SimpleTimeZone;
import java.util.Stack;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.Vector;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The Serializable classes of the packages that java.base exports, as the run time has them, and for each an object that is
 * made alike in every JVM.
 */
@SuppressWarnings({"ReferenceEquality", "UnnecessaryStringBuilder", "JdkObsolete", "JavaUtilDate",
        "IdentityHashMapUsage",
        "NonApiType", "removal", "BoxingComparator"}) // all classes that there are, whatever they are good for
final class JdkValues {
    /** Classes of which no user has an object to send, and why. */
    private static final Map<String, String> NEVER_MET = new LinkedHashMap<>();
    private static final Map<String, Supplier<Object>> MADE = new HashMap<>();

    static {
        excludeTasks();
        excludeParts();
        text();
        time();
        collections();
        views();
        concurrent();
        security();
    }

    private JdkValues() {
    }

    private static void excludeTasks() {
        String task = "a running computation, Serializable by its parent ForkJoinTask only";
        NEVER_MET.put("java\\.math\\.BigInteger\\$RecursiveOp\\$.*", task);
        NEVER_MET.put("java\\.util\\.(ArrayPrefixHelpers|ArraysParallelSortHelpers|DualPivotQuicksort)\\$.*", task);
        NEVER_MET.put("java\\.util\\.concurrent\\.CompletableFuture\\$.*", task);
        NEVER_MET.put("java\\.util\\.concurrent\\.ConcurrentHashMap\\$.*Task", task);
        NEVER_MET.put("java\\.util\\.concurrent\\.(ForkJoinTask|DelayScheduler|SubmissionPublisher)\\$.*", task);
        NEVER_MET.put("java\\.util\\.stream\\..*", task);
        NEVER_MET.put("java\\.util\\.concurrent\\.(CountedCompleter|ForkJoinWorkerThread|ThreadPoolExecutor\\$Worker)",
                task);
    }

    private static void excludeParts() {
        String proxy = "the serial proxy of other classes, which are on this list";
        NEVER_MET.put("java\\.time\\.(|chrono\\.|zone\\.)Ser|java\\.util\\.CollSer", proxy);
        NEVER_MET.put(".*\\$(SerializationProxy|Ser|CertPathRep|CertificateRep|ThreadLocalRandomProxy)", proxy);
        String part = "a part of another object, never handed out by itself";
        NEVER_MET.put("java\\.util\\.concurrent\\.(locks\\.)?(Semaphore|ReentrantLock|ReentrantReadWriteLock|"
                + "CountDownLatch)\\$.*Sync", part);
        NEVER_MET.put("java\\.util\\.concurrent\\.SynchronousQueue\\$.*|java\\.util\\.concurrent\\.ConcurrentHashMap"
                + "\\$Segment|.*DeserializationConstructorsCache", part);
        NEVER_MET.put("java\\.util\\.concurrent\\.locks\\.Abstract.*\\$ConditionObject", part);
        NEVER_MET.put("java\\.(security\\.(PermissionsHash|Policy\\$.*|Security\\$1)|net\\.DatagramSocket\\$1)", part);
        NEVER_MET.put("java\\.text\\.DateFormat\\$.*|java\\.util\\.Random\\$RandomWrapper", part);
        NEVER_MET.put("javax\\.crypto\\.Crypto.*|javax\\.security\\.auth\\.(PrivateCredentialPermission\\$CredOwner|"
                + "Subject\\$SecureSet)", part);
        NEVER_MET.put("javax\\.net\\.ssl\\.(HandshakeCompletedEvent|SSLSessionBindingEvent)",
                "needs a connection, and says so");
        NEVER_MET.put("java\\.io\\.ObjectStreamClass|java\\.lang\\.reflect\\.Proxy",
                "a description of classes rather than a value; subclasses of Proxy are tested elsewhere");
        NEVER_MET.put("java\\.util\\.concurrent\\.ThreadLocalRandom|java\\.security\\.SecureRandom",
                "two of them are never alike");
        NEVER_MET.put("java\\.net\\.InetAddress", "its two subclasses are what there is");
        NEVER_MET.put("java\\.lang\\.invoke\\.SerializedLambda",
                "the serial form of lambdas, which are tested elsewhere");
        NEVER_MET.put("java\\.security\\.(KeyRep|CodeSigner|Timestamp|SignedObject)|javax\\.crypto\\.SealedObject",
                "takes keys and certificates, which are Serializable by the same proxies as the ones tested");
        NEVER_MET.put("java\\.(text\\.Format\\$Field|util\\.IllegalFormatException)",
                "the parent of those tested, without a constructor for others");
        NEVER_MET.put("java\\.io\\.OptionalDataException|java\\.lang\\.invoke\\.InvokerBytecodeGenerator\\$.*|"
                + "java\\.lang\\.reflect\\.Proxy\\$.*|java\\.util\\.IllegalFormatArgumentIndexException|"
                + "java\\.util\\.concurrent\\.StructuredTaskScope\\$.*",
                "thrown by the JDK only, without a constructor "
                        + "for others; its siblings are tested");
        NEVER_MET.put("java\\.time\\.Clock\\$(SystemInstantSource|SourceClock)", part);
        NEVER_MET.put("java\\.lang\\.ClassValue.*|java\\.lang\\.(MatchException)", "not made by users");
    }

    private static void text() {
        made(java.time.format.DateTimeFormatter.ISO_LOCAL_DATE.toFormat(),
                new java.time.format.DateTimeParseException("a",
                        "b", 3));
        made(new File("a/b"), new StringBuilder("text"), new StringBuffer("text"), new BigDecimal("1.50"),
                new BigInteger("123456789012345678901234567890"), MathContext.DECIMAL64, Pattern.compile("a+", 2),
                Currency.getInstance("EUR"), Locale.forLanguageTag("zh-Hant-TW-u-nu-latn"), new UUID(3, 4),
                URI.create("http://a.example/b?c#d"), MethodType.methodType(int.class, String.class), 'x', 7, 7L,
                (short) 7, (byte) 7, 7.5, 7.5f, true, "text", List.class, String.CASE_INSENSITIVE_ORDER,
                new StackTraceElement("loader", "module", "1", "a.B", "c", "B.java", 7));
        made(new ChoiceFormat("0#none|1#one"),
                new DecimalFormat("#,##0.00", DecimalFormatSymbols.getInstance(Locale.GERMANY)),
                DecimalFormatSymbols.getInstance(Locale.FRANCE), NumberFormat.getCompactNumberInstance(Locale.US,
                        NumberFormat.Style.SHORT),
                DateFormatSymbols.getInstance(Locale.ITALY), new MessageFormat("{0,number} of {1}", Locale.US),
                fixed(new SimpleDateFormat("yyyy-MM-dd", Locale.US)),
                ListFormat.getInstance(Locale.US, ListFormat.Type.STANDARD,
                        ListFormat.Style.FULL),
                AttributedCharacterIterator.Attribute.LANGUAGE, DateFormat.Field.MONTH, NumberFormat.Field.INTEGER,
                MessageFormat.Field.ARGUMENT);
        checked(() -> URI.create("http://a.example/b").toURL());
        checked(() -> InetAddress.getByAddress("a.example", new byte[] {127, 0, 0, 9}));
        checked(() -> InetAddress.getByAddress("b.example", new byte[16]));
        checked(() -> new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 9}), 80));
        made(UnixDomainSocketAddress.of("/tmp/a"));
    }

    private static SimpleDateFormat fixed(SimpleDateFormat format) {
        format.set2DigitYearStart(new Date(0));
        return format;
    }

    private static void time() {
        ZoneId berlin = ZoneId.of("Europe/Berlin");
        LocalDateTime twice = LocalDateTime.of(2026, 10, 25, 2, 30);
        made(ZonedDateTime.ofStrict(twice, ZoneOffset.ofHours(1), berlin), berlin, ZoneOffset.ofHoursMinutes(1, 30),
                OffsetDateTime.of(twice, ZoneOffset.ofHours(1)), OffsetTime.of(1, 2, 3, 4, ZoneOffset.UTC), twice,
                LocalDate.of(-5, 2, 3), LocalTime.of(23, 59, 59, 999_999_999), Instant.MAX, Duration.ofSeconds(-1, 5),
                Period.of(1, -2, 3), Year.of(2026), YearMonth.of(2026, 2), MonthDay.of(2, 29),
                Clock.fixed(Instant.EPOCH, berlin), Clock.systemUTC(),
                Clock.offset(Clock.systemUTC(), Duration.ofDays(1)),
                Clock.tickSeconds(berlin));
        made(HijrahChronology.INSTANCE, HijrahDate.of(1445, 2, 3), IsoChronology.INSTANCE, JapaneseChronology.INSTANCE,
                JapaneseDate.of(2026, 2, 3), JapaneseEra.HEISEI, MinguoChronology.INSTANCE, MinguoDate.of(100, 2, 3),
                ThaiBuddhistChronology.INSTANCE, ThaiBuddhistDate.of(2569, 2, 3),
                JapaneseDate.of(2026, 2, 3).atTime(LocalTime.NOON), JapaneseDate.of(2026, 2, 3).atTime(LocalTime.NOON)
                        .atZone(berlin),
                MinguoChronology.INSTANCE.period(1, 2, 3), ValueRange.of(1, 2, 3, 4),
                WeekFields.of(DayOfWeek.SUNDAY, 3),
                berlin.getRules(), Objects.requireNonNull(berlin.getRules().nextTransition(Instant.EPOCH)),
                ZoneOffsetTransitionRule.of(Month.MARCH, -1, DayOfWeek.SUNDAY, LocalTime.of(1, 0), false,
                        ZoneOffsetTransitionRule.TimeDefinition.UTC, ZoneOffset.UTC, ZoneOffset.UTC,
                        ZoneOffset.ofHours(1)));
        GregorianCalendar calendar = new GregorianCalendar(new SimpleTimeZone(7_200_000, "mine"), Locale.US);
        calendar.setTimeInMillis(5);
        calendar.setFirstDayOfWeek(Calendar.THURSDAY);
        Calendar japanese = new Calendar.Builder().setCalendarType("japanese").setTimeZone(TimeZone.getTimeZone("UTC"))
                .setInstant(7).setLocale(Locale.JAPAN).build();
        made(new Date(7), calendar, japanese,
                new SimpleTimeZone(3_600_000, "X", 2, -1, 1, 3_600_000, 9, -1, 1, 3_600_000));
    }

    private static void collections() {
        List<String> list = List.of("b", "a", "c");
        Comparator<String> reverse = Comparator.reverseOrder();
        made(new ArrayList<>(list), new LinkedList<>(list), new Vector<>(list), stack(), new ArrayDeque<>(list),
                filled(new PriorityQueue<>(5, reverse)), new HashMap<>(map()), byUse(), tree(reverse),
                new HashSet<>(list), new LinkedHashSet<>(list), filled(new TreeSet<>(reverse)), new Hashtable<>(map()),
                properties(), new IdentityHashMap<>(Map.of("a", "b")), BitSet.valueOf(new long[] {5, 1}),
                new EnumMap<>(Map.of(DayOfWeek.MONDAY, "m")), EnumSet.of(DayOfWeek.FRIDAY), EnumSet.allOf(
                        Character.UnicodeScript.class),
                new AbstractMap.SimpleEntry<>("a", List.of(1)), new AbstractMap.SimpleImmutableEntry<>("a", null),
                Arrays.asList("a", null), List.of(1), List.of(1, 2, 3), Map.of(1, 2), Map.of(1, 2, 3, 4), Set.of(1),
                Set.of(1, 2, 3));
        made(tree(reverse).headMap("a"), tree(reverse).descendingMap(), new LinkedList<>(list).reversed());
        at("java.util.TreeMap$SubMap", () -> NO_OBJECT);
    }

    /** For a class that no method gives any more. */
    private static final Object NO_OBJECT = new Object();

    private static <C extends Collection<String>> C filled(C collection) {
        collection.addAll(List.of("b", "a", "c"));
        return collection;
    }

    private static Map<String, Integer> map() {
        return new TreeMap<>(Map.of("a", 1, "b", 2));
    }

    private static Stack<String> stack() {
        return filled(new Stack<>());
    }

    private static LinkedHashMap<String, Integer> byUse() {
        LinkedHashMap<String, Integer> map = new LinkedHashMap<>(4, 0.9f, true);
        map.putAll(new TreeMap<>(Map.of("a", 1, "b", 2, "c", 3)));
        map.get("a");
        return map;
    }

    private static TreeMap<String, Integer> tree(Comparator<String> order) {
        TreeMap<String, Integer> map = new TreeMap<>(order);
        map.putAll(map());
        return map;
    }

    private static Properties properties() {
        Properties properties = new Properties();
        properties.setProperty("a", "b");
        return properties;
    }

    private static void views() {
        List<String> list = new ArrayList<>(List.of("b", "a"));
        List<String> linked = new LinkedList<>(list);
        Set<String> set = new LinkedHashSet<>(list);
        TreeSet<String> sorted = new TreeSet<>(list);
        Map<String, Integer> map = new LinkedHashMap<>(map());
        TreeMap<String, Integer> tree = new TreeMap<>(map());
        made(Collections.unmodifiableCollection(list), Collections.unmodifiableList(list),
                Collections.unmodifiableList(linked), Collections.unmodifiableSet(new HashSet<>(list)),
                Collections.unmodifiableSortedSet(sorted), Collections.unmodifiableNavigableSet(sorted),
                Collections.unmodifiableMap(map), Collections.unmodifiableMap(map).entrySet(),
                Collections.unmodifiableSortedMap(tree), Collections.unmodifiableNavigableMap(tree),
                Collections.unmodifiableSequencedCollection(list),
                Collections.unmodifiableSequencedSet(new LinkedHashSet<>(
                        set)),
                Collections.unmodifiableSequencedMap(new LinkedHashMap<>(map)), Collections.emptyNavigableMap(),
                Collections.emptyNavigableSet());
        made(Collections.synchronizedCollection(list), Collections.synchronizedList(list),
                Collections.synchronizedList(linked), Collections.synchronizedSet(set),
                Collections.synchronizedMap(map),
                Collections.synchronizedSortedMap(tree), Collections.synchronizedNavigableMap(tree),
                Collections.synchronizedSortedSet(sorted), Collections.synchronizedNavigableSet(sorted));
        made(Collections.checkedCollection(list, String.class), Collections.checkedList(list, String.class),
                Collections.checkedList(linked, String.class), Collections.checkedSet(set, String.class),
                Collections.checkedSortedSet(sorted, String.class),
                Collections.checkedNavigableSet(sorted, String.class),
                Collections.checkedMap(map, String.class, Integer.class),
                Collections.checkedSortedMap(tree, String.class,
                        Integer.class),
                Collections.checkedNavigableMap(tree, String.class, Integer.class),
                Collections.checkedQueue(new ArrayDeque<>(list), String.class));
        made(Collections.emptyList(), Collections.emptySet(), Collections.emptyMap(), Collections.singletonList("a"),
                Collections.singleton("a"), Collections.singletonMap("a", "b"), Collections.nCopies(1_000_000, "x"),
                Collections.reverseOrder(), Collections.reverseOrder(String.CASE_INSENSITIVE_ORDER),
                Collections.asLifoQueue(new ArrayDeque<>(list)), filled(Collections.newSetFromMap(new HashMap<>())),
                filled(Collections.newSequencedSetFromMap(new LinkedHashMap<>())),
                Comparator.nullsFirst(Comparator.naturalOrder()));
    }

    private static void concurrent() {
        List<String> list = List.of("b", "a", "c");
        ConcurrentSkipListMap<String, Integer> skip = new ConcurrentSkipListMap<>(map());
        ConcurrentHashMap<String, Integer> map = new ConcurrentHashMap<>(map());
        made(map, map.keySet(1), map.values(), map.entrySet(), skip, skip.headMap("b"),
                new ConcurrentSkipListSet<>(list),
                new ArrayBlockingQueue<>(9, false, list), new ConcurrentLinkedDeque<>(list),
                new ConcurrentLinkedQueue<>(list), new CopyOnWriteArrayList<>(list), new CopyOnWriteArraySet<>(list),
                new LinkedBlockingDeque<>(list), new LinkedBlockingQueue<>(list), new LinkedTransferQueue<>(list),
                filled(new PriorityBlockingQueue<>(3, Comparator.reverseOrder())), new AtomicReference<>(list),
                new AtomicReferenceArray<>(new String[] {"a", null}), new Random(5));
        var lock = new java.util.concurrent.locks.ReentrantReadWriteLock(true);
        made(lock.readLock(), lock.writeLock());
    }

    private static void security() {
        at("java.security.Permissions", () -> {
            var permissions = new java.security.Permissions();
            permissions.add(new RuntimePermission("a"));
            return permissions;
        });
        for (String name : List.of("java.io.FilePermission", "java.net.SocketPermission",
                "java.util.PropertyPermission",
                "java.security.AllPermission", "java.lang.RuntimePermission", "java.security.UnresolvedPermission")) {
            String collection = name.equals("java.lang.RuntimePermission") ? "java.security.BasicPermissionCollection"
                    : name + "Collection";
            at(collection, () -> {
                var permission = (java.security.Permission) object(name);
                var all = Objects.requireNonNull(permission.newPermissionCollection());
                all.add(permission);
                return all;
            });
        }
        at("java.io.FilePermission", () -> new java.io.FilePermission("/tmp/a", "read"));
        at("java.net.SocketPermission", () -> new java.net.SocketPermission("localhost:80", "connect"));
        at("java.net.URLPermission", () -> new java.net.URLPermission("http://a.example/", "GET:"));
        at("java.util.PropertyPermission", () -> new java.util.PropertyPermission("a", "read"));
        at("java.nio.file.LinkPermission", () -> new java.nio.file.LinkPermission("hard"));
        at("javax.security.auth.PrivateCredentialPermission", () -> new javax.security.auth.PrivateCredentialPermission(
                "a.B c.D \"e\"", "read"));
        at("javax.security.auth.x500.X500Principal", () -> new javax.security.auth.x500.X500Principal("CN=a, O=b"));
        at("java.security.GuardedObject", () -> new java.security.GuardedObject("a", new RuntimePermission("b")));
        at("javax.security.auth.callback.TextOutputCallback",
                () -> new javax.security.auth.callback.TextOutputCallback(0,
                        "a"));
        at("java.security.cert.CertificateRevokedException", () -> new java.security.cert.CertificateRevokedException(
                new Date(7), java.security.cert.CRLReason.CA_COMPROMISE,
                new javax.security.auth.x500.X500Principal("CN=a"), Map.of()));
        at("java.security.KeyPair", () -> new java.security.KeyPair(null, null));
        at("java.util.EventObject", () -> new java.util.EventObject("source"));
        at("javax.crypto.spec.SecretKeySpec", () -> new javax.crypto.spec.SecretKeySpec(new byte[] {1, 2}, "AES"));
        at("javax.security.auth.callback.ConfirmationCallback",
                () -> new javax.security.auth.callback.ConfirmationCallback(
                        0, 0, 0));
        at("javax.security.auth.callback.ChoiceCallback", () -> new javax.security.auth.callback.ChoiceCallback("a",
                new String[] {"b"}, 0, false));
        at("java.util.concurrent.atomic.DoubleAccumulator", () -> {
            var sum = new java.util.concurrent.atomic.DoubleAccumulator(
                    (java.util.function.DoubleBinaryOperator & Serializable) Double::sum, 0);
            sum.accumulate(7);
            return sum;
        });
        at("java.util.concurrent.atomic.LongAccumulator", () -> {
            var sum = new java.util.concurrent.atomic.LongAccumulator(
                    (java.util.function.LongBinaryOperator & Serializable) Long::sum, 0);
            sum.accumulate(7);
            return sum;
        });
    }

    private static void made(Object... objects) {
        for (Object object : objects) {
            at(object.getClass().getName(), () -> object);
        }
    }

    /** Makes what may throw a checked exception. */
    @FunctionalInterface
    private interface Made {
        Object make() throws IOException;
    }

    private static void checked(Made made) {
        try {
            Object object = made.make();
            at(object.getClass().getName(), () -> object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void at(String name, Supplier<Object> make) {
        MADE.put(name, make);
    }

    /** The concrete Serializable classes of the packages that java.base exports to everybody. */
    static List<Class<?>> classes() throws IOException {
        List<Class<?>> found = new ArrayList<>();
        List<String> packages = Object.class.getModule().getDescriptor().exports().stream()
                .filter(exported -> !exported.isQualified()).map(exported -> exported.source()).sorted().toList();
        for (String name : packages) {
            Path directory = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules/java.base",
                    name.replace('.', '/'));
            try (Stream<Path> files = Files.list(directory)) {
                files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(".class")
                        && !file.equals("package-info.class")).sorted()
                        .map(file -> name + "." + file.substring(0, file.length() - ".class".length()))
                        .map(JdkValues::load).filter(type -> Serializable.class.isAssignableFrom(type)
                                && !type.isInterface() && !Modifier.isAbstract(type.getModifiers()))
                        .forEach(found::add);
            }
        }
        return found;
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, null);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Why there is no object of a class; null where there is one. */
    static @Nullable String reasonForNone(Class<?> type) {
        if (Enum.class.isAssignableFrom(type) && !type.isEnum()) {
            return "a constant of its enum, tested with it";
        }
        for (Map.Entry<String, String> entry : NEVER_MET.entrySet()) {
            if (type.getName().matches(entry.getKey()) && !MADE.containsKey(type.getName())) {
                return entry.getValue();
            }
        }
        Supplier<Object> made = MADE.get(type.getName());
        return made != null && made.get() == NO_OBJECT ? "kept by the JDK to read what older releases wrote" : null;
    }

    /** An object of a class, the same in every JVM. */
    static Object object(String name) {
        Object object = anyObject(name);
        for (Throwable thrown = object instanceof Throwable first ? first : null; thrown != null; thrown = thrown
                .getCause()) {
            thrown.setStackTrace(new StackTraceElement[] {new StackTraceElement("a.B", "c", "B.java", 7)});
        }
        return object;
    }

    private static Object anyObject(String name) {
        Supplier<Object> made = MADE.get(name);
        if (made != null) {
            return made.get();
        }
        Class<?> type = load(name);
        if (type.isEnum()) {
            return type.getEnumConstants()[type.getEnumConstants().length - 1];
        }
        List<Constructor<?>> constructors = new ArrayList<>(Arrays.asList(type.getDeclaredConstructors()));
        constructors.sort(Comparator.comparing((Constructor<?> each) -> -each.getParameterCount())
                .thenComparing(Constructor::toString));
        for (Constructor<?> constructor : constructors) {
            try {
                if (Modifier.isPublic(constructor.getModifiers()) && Modifier.isPublic(type.getModifiers())) {
                    return constructor.newInstance(Arrays.stream(constructor.getParameterTypes()).map(JdkValues::sample)
                            .toArray());
                }
            } catch (ReflectiveOperationException | RuntimeException ignored) {
                // another one may take what there is
            }
        }
        throw new IllegalStateException(
                "no object of " + name + " can be made: add one to JdkValues, or the reason for none");
    }

    private static @Nullable Object sample(Class<?> type) {
        Map<Class<?>, Object> samples = new HashMap<>(Map.of(String.class, "x", int.class, 3, long.class, 3L,
                boolean.class,
                true, char.class, 'c', byte[].class, new byte[] {1, 2}, Object.class, "o", Class.class, String.class,
                Throwable.class, new IllegalStateException("cause")));
        samples.put(short.class, (short) 3);
        samples.put(byte.class, (byte) 3);
        samples.put(double.class, 3.5);
        samples.put(float.class, 3.5f);
        samples.put(String[].class, new String[] {"x"});
        samples.put(int[].class, new int[] {1, 2});
        samples.put(long[].class, new long[] {1, 2});
        samples.put(Collection.class, List.of("x"));
        samples.put(List.class, List.of("x"));
        samples.put(Locale.class, Locale.US);
        samples.put(Exception.class, new IllegalStateException("cause"));
        samples.put(IOException.class, new IOException("cause"));
        return samples.get(type);
    }

    /** Whether reflection may look at a class. */
    static boolean hasEquals(Object object) {
        try {
            return object.getClass().getMethod("equals", Object.class).getDeclaringClass() != Object.class;
        } catch (NoSuchMethodException | InaccessibleObjectException e) {
            return false;
        }
    }
}
