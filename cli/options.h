/* SPDX-License-Identifier: Apache-2.0
 * Every option of the command line, once: an option has the same name, meaning, type and range in
 * all commands that take it. A command lists the ids it takes (commands.h); parsing, checking and
 * --help come from here. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct cli_command;
struct cli_call;

typedef enum cli_option_type {
    CLI_IS_FLAG,   /* --quiet */
    CLI_IS_SWITCH, /* --precompute, --no-precompute */
    CLI_IS_WHOLE,  /* a whole number from low to high */
    CLI_IS_REAL,   /* a number from low to high */
    CLI_IS_TEXT,   /* any text */
    CLI_IS_CHOICE, /* one of the words of `value`, which | separates */
} cli_option_type;

/* X(ID, name, type, value in the help, low, high, what it does, default in words or NULL) */
/* clang-format off */
#define CLI_OPTION_LIST(X)                                                                         \
    X(OUT, "out", TEXT, "FOLDER", 0, 0, "run folder to make; never overwritten", "runs/JOB-N")       \
    X(REPORT, "out", TEXT, "FILE", 0, 0, "report to write", "report.html in the run folder")       \
    X(MISLABELLED, "mislabelled", TEXT, "FILE.csv", 0, 0, "write the likely mislabelled as CSV", NULL) \
    X(PREDICTIONS, "out", TEXT, "FILE.csv", 0, 0, "write the answers as CSV", NULL)                \
    X(SUBMISSION, "submission", TEXT, "SAMPLE.csv", 0, 0,                                          \
      "write --out in the form of this sample: its ids, its columns, its order", NULL)             \
    X(ALL_PROBABILITIES, "all-probabilities", FLAG, "", 0, 0,                                      \
      "a column for each class in --out, however many there are", NULL)                            \
    X(SHEET, "out", TEXT, "FILE", 0, 0, "sheet to write: NAME.png or NAME.html", "preview.html")   \
    X(AUGMENT, "augment", TEXT, "WORDS", 0, 0,                                                     \
      "how training changes pictures: a set, or words with numbers", "side-on")                    \
    X(PICTURES, "pictures", WHOLE, "N", 1, 200, "pictures to show", NULL)                          \
    X(COPIES, "copies", WHOLE, "N", 1, 50, "changed copies of each", NULL)                         \
    X(IMAGES, "images", TEXT, "DIR", 0, 0, "of a list: the folder that its names begin at", "images beside it") \
    X(TARGETS, "targets", TEXT, "COLUMNS", 0, 0, "of a list: columns to learn, commas between", "all others") \
    X(TARGET_TYPE, "target-type", CHOICE, "label|tags|numbers", 0, 0, "of a list: what pictures have", \
      "by what is in it")                                                                          \
    X(TAG_SEPARATOR, "tag-separator", TEXT, "CHARACTER", 0, 0, "what stands between tags", "a blank") \
    X(ARCH, "arch", TEXT, "NAME", 0, 0, "architecture (burnish models list)", NULL)                \
    X(NETWORK, "network", TEXT, "FILE", 0, 0, "a network of one's own (docs/networks.md) in its place", NULL) \
    X(RECIPE, "recipe", CHOICE, "fine-tune|scratch|course2017", 0, 0,                                         \
      "what to do, step by step: head first, then all layers; from random weights; fast.ai's course", NULL)                     \
    X(PRETRAINED, "pretrained", SWITCH, "", 0, 0,                                                  \
      "start from published weights, fetched if need be", NULL)                                    \
    X(RESUME, "resume", TEXT, "RUN", 0, 0, "go on with a run that was stopped; no other option", NULL)\
    X(CHECKPOINT_SECONDS, "checkpoint-seconds", REAL, "SECONDS", 0, 1e9,                           \
      "from one saved state to the next; 0: after every batch", "10")                              \
    X(EPOCHS, "epochs", WHOLE, "N", 0, 10000, "epochs in which all layers learn", "10, or 20")      \
    X(FREEZE_EPOCHS, "freeze-epochs", WHOLE, "N", 0, 10000, "epochs before, head alone", NULL)     \
    X(FREEZE, "freeze", FLAG, "", 0, 0, "never unfreeze: all epochs train the head", NULL)         \
    X(TRAIN_BN, "train-bn", FLAG, "", 0, 0,                                                        \
      "batch norms of frozen layers go on learning; no precompute", NULL)                          \
    X(PRECOMPUTE, "precompute", SWITCH, "", 0, 0,                                                  \
      "frozen epochs on features computed once, without augmentation", NULL)                       \
    X(BATCH_SIZE, "batch-size", WHOLE, "N", 1, 4096, "pictures or rows in a batch", "the recipe's")                  \
    X(SIZE, "size", WHOLE, "PIXELS", 32, 1024, "side of the square that the network sees, pixels", \
      "the weights' own, else 224")                                                                \
    X(SIZES, "sizes", TEXT, "PIXELS,...", 0, 0,                                                    \
      "progressive resizing: all layers learn at 128,160,224, a stage each", "one size")           \
    X(PHASES, "phases", TEXT, "FILE.json", 0, 0,                                                   \
      "training phases in place of the recipe's stages (docs/image.md)", NULL)                     \
    X(LEARNING_RATE, "learning-rate", REAL, "RATE", 1e-12, 1000, "highest learning rate; where layers differ, the head's",      \
      "the recipe's")                                                                              \
    X(RATE_SPREAD, "rate-spread", REAL, "FACTOR", 1, 1e6,                                           \
      "how far the rate of the first layers is below the head's; 1: one rate", "100; from scratch 1") \
    X(WEIGHT_DECAY, "weight-decay", REAL, "DECAY", 0, 100, "weight decay", "the recipe's")         \
    X(GROUP_RATES, "group-learning-rates", TEXT, "RATES", 0, 0,                                    \
      "of layer groups: 1e-5,1e-4,1e-3 or 1e-5:1e-3 or :1e-3 or 1e-3/2.6", "the recipe's")         \
    X(GROUP_DECAYS, "group-weight-decays", TEXT, "DECAYS", 0, 0, "of layer groups, likewise", "--weight-decay") \
    X(FREEZE_TO, "freeze-to", WHOLE, "GROUP", -64, 63,                                             \
      "layer groups before it never learn; -1: the head alone does", "0: all learn")               \
    X(GRADUAL, "gradual-unfreezing", FLAG, "", 0, 0,                                               \
      "one layer group more in each stage of --freeze-epochs", NULL)                               \
    X(BN_FREEZE, "bn-freeze", FLAG, "", 0, 0,                                                      \
      "batch norms of the body keep their statistics when all learn", NULL)                        \
    X(LOOKAHEAD, "lookahead", WHOLE, "K", 1, 10000, "of any optimizer: every K steps, half of the way", "none") \
    X(DECOUPLED, "decoupled-decay", FLAG, "", 0, 0, "weight decay beside the gradient, not in it", NULL) \
    X(MOMENTUM, "momentum", TEXT, "M[,LOW]", 0, 0,                                                 \
      "0.9: all the time; 0.95,0.85: cycled against the rate", "the optimizer's, the curve's")     \
    X(CLIP, "clip", REAL, "NORM", 0, 1e9, "most that the gradients' norm may be", "0: off")        \
    X(ACCUMULATE, "accumulate", WHOLE, "N", 1, 10000, "batches whose gradients make one step", "1") \
    X(WARM_UP, "warm-up", REAL, "SHARE", 0, .999, "of a stage, in which rates rise first", "0")    \
    X(SWA, "swa", WHOLE, "N", 1, 100000, "mean of the weights from the end of epoch N on", "off")  \
    X(EMA, "ema", REAL, "DECAY", 0, .9999999, "moving average of the weights; .99 to .9999", "off") \
    X(OPTIMIZER, "optimizer", CHOICE, "sgd|nesterov|rmsprop|adam|adamw|lamb|radam|ranger|adagrad", 0, 0,   \
      "optimizer", "the recipe's")              \
    X(SCHEDULE, "schedule", TEXT, "NAME[:NUMBERS]", 0, 0,                                          \
      "one-cycle, cosine, constant, flat-cosine, linear, exponential, polynomial, step, triangle, "   \
      "restarts, clr, clr-beta",                                                                   \
      "the recipe's")                                                                              \
    X(FINDER, "finder", CHOICE, "fastai2|lr_find|lr_find2", 0, 0,                                  \
      "fastai2: 100 batches; lr_find: an epoch; lr_find2: with validation losses (0.7)", NULL)     \
    X(START_RATE, "start-rate", REAL, "RATE", 1e-12, 1000, "rate of the first batch",              \
      "1e-7, in 0.7's forms 1e-5")                                                                 \
    X(END_RATE, "end-rate", REAL, "RATE", 1e-12, 1e6, "rate that is never quite reached", NULL)    \
    X(ITERATIONS, "iterations", WHOLE, "N", 1, 100000, "batches to make", "100, or an epoch")      \
    X(LINEAR, "linear", FLAG, "", 0, 0, "let the rate grow by sums, not factors", NULL)            \
    X(STOP, "stop", SWITCH, "", 0, 0, "stop when the loss explodes", NULL)                         \
    X(SVG, "svg", TEXT, "FILE", 0, 0, "plot to write", "none")                                     \
    X(MIXUP, "mixup", REAL, "ALPHA", 0, 100, "mix pictures of a batch; usually .4", "0: off")       \
    X(CUTMIX, "cutmix", REAL, "ALPHA", 0, 100, "cut pictures into each other; usually 1", "0: off") \
    X(SNAPSHOTS, "snapshots", FLAG, "", 0, 0,                                                      \
      "restarts: keep a model of each cycle's end, and measure their mean", NULL)                  \
    X(CYCLE_LENGTH, "cycle-length", WHOLE, "N", 1, 100000, "restarts, clr: epochs of the first cycle", "1") \
    X(CYCLE_MULTIPLIER, "cycle-multiplier", WHOLE, "N", 1, 100,                                    \
      "restarts: how many times longer each next cycle is", "2")                                   \
    X(LABEL_SMOOTHING, "label-smoothing", REAL, "SHARE", 0, .999, "share of the target spread evenly", \
      NULL)                                                                                        \
    X(VALID, "valid", REAL, "SHARE", .001, .999,                                                   \
      "share that validates where nothing else says so", NULL)                                \
    X(CLASS_WEIGHTS, "class-weights", TEXT, "WEIGHTS", 0, 0,                                       \
      "balanced, or NAME=WEIGHT,...: classes in the loss of training", "all the same")             \
    X(TEST, "test", TEXT, "FOLDER_OR_LIST", 0, 0, "pictures without labels, answered in test.csv at the end", NULL) \
    X(EXCLUDE, "exclude", TEXT, "FILE.csv", 0, 0, "leave out the pictures of its column file", NULL) \
    X(RELABEL, "relabel", TEXT, "FILE.csv", 0, 0, "give its column file the labels of its column suggested", NULL) \
    X(FOLDS, "folds", WHOLE, "K", 2, 100,                                                          \
      "K models, each validated on another part; oof.csv has all answers", "one model")            \
    X(WHOLE, "whole", FLAG, "", 0, 0, "all pictures of a folder without valid/", NULL)             \
    X(TTA, "tta", WHOLE, "N", 0, 100, "test-time augmentation: N changed copies, averaged", NULL)  \
    X(EARLY_STOPPING, "early-stopping", WHOLE, "N", 1, 100000,                                     \
      "end a stage after N epochs without improvement of --monitor", "never")                      \
    X(REDUCE_ON_PLATEAU, "reduce-on-plateau", WHOLE, "N", 1, 100000,                               \
      "rates times .1 after N epochs without improvement of --monitor", "never")                   \
    X(SAVE_BEST, "save-best", FLAG, "", 0, 0,                                                      \
      "the model is that of the epoch whose --monitor is best, not the last", NULL)                \
    X(MONITOR, "monitor", TEXT, "METRIC", 0, 0, "valid_loss, train_loss, accuracy, error_rate ...", NULL) \
    X(TTA_BETA, "tta-beta", REAL, "SHARE", 1e-9, 1,                                                \
      "weight of the unchanged picture among them, as fastai 2's .25", "fast.ai 0.7's average")     \
    X(TOP, "top", WHOLE, "N", 1, 1000, "answers, pictures or rows to show", NULL)               \
    X(REPEATS, "repeats", WHOLE, "N", 1, 1000, "times that each column is shuffled", NULL)         \
    X(MODE, "mode", CHOICE, "train|infer", 0, 0, "what to profile", NULL)                          \
    X(ROUNDS, "rounds", WHOLE, "N", 1, 10000, "timed rounds; the median counts, of steps the fastest", NULL) \
    X(SEED, "seed", WHOLE, "N", 0, INT64_MAX, "same seed, same result", NULL)                      \
    X(THREADS, "threads", WHOLE, "N", 0, 1024, "computing threads, 0 = all processors", NULL)      \
    X(PRECISION, "precision", CHOICE, "fp32|bf16|auto", 0, 0,                                      \
      "of convolutions and large products; bf16: where the processor has it; auto: bf16 there", "fp32")      \
    X(ACTIVATION_CHECKPOINTING, "activation-checkpointing", FLAG, "", 0, 0,                        \
      "less memory in training, to the same bits: values for the gradients are computed again", NULL) \
    X(LOADERS, "loaders", WHOLE, "N", 0, 256, "threads that load pictures", "chosen")              \
    X(SPLIT_OUT, "out", TEXT, "FOLDER", 0, 0, "folder to make; never overwritten", "FOLDER-split") \
    X(VALID_SHARE, "valid", REAL, "SHARE", 0, .999, "share of each class that validates", NULL)    \
    X(TEST_SHARE, "test", REAL, "SHARE", 0, .999, "share of each class that tests", NULL)          \
    X(SPLIT, "split", CHOICE, "by-class|fastai07", 0, 0,                                           \
      "by-class: a share of each; fastai07: fast.ai 0.7's get_cv_idxs", NULL)                      \
    X(BY, "by", CHOICE, "link|copy|move", 0, 0, "how files get there; link: hard links", NULL)     \
    X(TOGETHER, "keep-duplicates-together", SWITCH, "", 0, 0,                                      \
      "pictures that look alike go to one side", NULL)                                             \
    X(NEAR, "near", WHOLE, "BITS", -1, 16,                                                         \
      "of 64 that pictures alike may differ by; -1: equal bytes only", NULL)                       \
    X(MIN_SIDE, "min-side", WHOLE, "PIXELS", 0, 16384, "a shorter side below it is tiny", NULL)    \
    X(KINDS, "kinds", TEXT, "LIST", 0, 0, "kinds to look for, with commas between", "all")         \
    X(MOVE, "move", TEXT, "FOLDER", 0, 0, "move what is found there; moved.csv says from where", NULL) \
    X(FIX_EXTENSIONS, "fix-extensions", FLAG, "", 0, 0, "rename pictures by what they are", NULL)  \
    X(HTML, "html", TEXT, "FILE", 0, 0, "write the list as a page with small pictures", NULL)      \
    X(STRICT, "strict", FLAG, "", 0, 0, "exit code 1 when something is found", NULL)               \
    X(CONNECTIONS, "connections", WHOLE, "N", 1, 64, "files fetched at once", NULL)                \
    X(PER_HOST, "per-host", WHOLE, "N", 1, 64, "of these from one host", NULL)                     \
    X(FILE_BYTES, "file-bytes", WHOLE, "BYTES", 1, 536870912, "give up a file that has more", NULL) \
    X(TOTAL_BYTES, "total-bytes", WHOLE, "BYTES", 1, 1e15, "stop when all together are more", NULL) \
    X(FILE_SECONDS, "file-seconds", WHOLE, "SECONDS", 1, 86400, "give up a file that takes longer", NULL) \
    X(ALLOW_PRIVATE, "allow-private", FLAG, "", 0, 0,                                              \
      "fetch from this machine and private networks too", NULL)                                    \
    X(MIRROR, "mirror", TEXT, "URL", 0, 0, "folder on the web that holds the weight files",        \
      "$BURNISH_MIRROR, else the files' own addresses")                                            \
    X(OFFLINE, "offline", FLAG, "", 0, 0, "never use the network", NULL)                           \
    X(TIMEOUT, "timeout", WHOLE, "SECONDS", 1, 3600, "give up when nothing comes for so long", "60") \
    X(SEPARATOR, "sep", TEXT, "CHARACTER", 0, 0, "what stands between fields; tab for a tab",      \
      "a tab in .tsv files, else a comma")                                                         \
    X(NO_HEADER, "no-header", FLAG, "", 0, 0, "the first line is a row: columns are column1 ...", NULL) \
    X(ENCODING, "encoding", CHOICE, "utf-8|latin-1", 0, 0, "of the file", "utf-8")                 \
    X(DECIMAL_COMMA, "decimal-comma", FLAG, "", 0, 0, "1,5 is one and a half", NULL)               \
    X(DATE_ORDER, "date-order", CHOICE, "ymd|dmy|mdy", 0, 0, "order of year, month, day", "ymd")   \
    X(MISSING, "missing", TEXT, "WORDS", 0, 0, "further words for a missing value: ?,-1", NULL)    \
    X(TEXT_COLUMNS, "text", TEXT, "COLUMNS", 0, 0, "columns that are text whatever they hold: zip,id", NULL) \
    X(JOIN, "join", TEXT, "FILE:KEYS", 0, 0, "more tables, by equal keys: store.csv:Store;weather.csv:State,Date", NULL) \
    X(EVENTS, "events", TEXT, "CONDITIONS", 0, 0, "columns on when they hold, days and counts: Promo=1,Holiday!=0", NULL) \
    X(EVENTS_PER, "events-per", TEXT, "COLUMN", 0, 0, "--events: whose they are: Store", "all rows are of one") \
    X(EVENTS_BY, "events-by", TEXT, "COLUMN", 0, 0, "--events: the date or number that orders rows", NULL) \
    X(EVENTS_WINDOW, "events-window", WHOLE, "ROWS", 2, 366, "--events: rows that are counted over", "7") \
    X(WHERE, "where", TEXT, "CONDITION", 0, 0, "train and evaluate on rows that meet it: Sales>0", NULL) \
    X(TARGET_SEEN, "target", TEXT, "COLUMN", 0, 0, "of several targets the one to look at", "the first") \
    X(TARGET, "target", TEXT, "COLUMNS", 0, 0, "what is to be predicted; several: all numbers, or all true/false", NULL) \
    X(CLASS, "class", FLAG, "", 0, 0, "the target is a class, even where it is a number", NULL)    \
    X(LOG, "log", FLAG, "", 0, 0, "learn the logarithm of the target", NULL)                       \
    X(COLUMN, "column", TEXT, "COLUMN", 0, 0, "the one column to show", "all")                     \
    X(LOSS, "loss", CHOICE, "mse|mae|quantile|cross-entropy|focal", 0, 0, "what is learned from", \
      "mse for numbers, cross-entropy for classes")                                                \
    X(QUANTILE, "quantile", REAL, "SHARE", .001, .999, "--loss quantile: answers lie above this share of the truths", ".5") \
    X(GAMMA, "gamma", REAL, "GAMMA", 0, 10, "--loss focal: how little counts what is answered well", "2") \
    X(CAT, "cat", TEXT, "COLUMNS", 0, 0, "columns to use as categories: store,day", "by their type") \
    X(CONT, "cont", TEXT, "COLUMNS", 0, 0, "columns to use as numbers", "by their type")           \
    X(IGNORE, "ignore", TEXT, "COLUMNS", 0, 0, "columns to leave out", NULL)                       \
    X(ONLY_NAMED, "only-named", FLAG, "", 0, 0, "leave out columns that --cat and --cont do not name", NULL) \
    X(ROW_SPLIT, "split", CHOICE, "random|time|column|group", 0, 0, "which rows validate", "random")   \
    X(SPLIT_BY, "split-by", TEXT, "COLUMN", 0, 0, "the column that --split goes by, where it goes by one", NULL) \
    X(SPLIT_FROM, "split-from", TEXT, "VALUE", 0, 0, "--split time: the first date or number that validates", \
      "the latest share")                                                                          \
    X(FORM, "form", CHOICE, "fastai2|course", 0, 0, "sizes and initial weights of the network", "fastai2") \
    X(HIDDEN, "hidden", TEXT, "WIDTHS", 0, 0, "hidden layers: 200,100", "the form's")              \
    X(DROPOUT, "dropout", TEXT, "SHARES", 0, 0, "dropout behind each hidden layer: .1,.2", "the form's") \
    X(EMBEDDING_DROPOUT, "embedding-dropout", REAL, "SHARE", 0, .999, "dropout of the embeddings", \
      "the form's")                                                                                \
    X(ONE_HOT, "one-hot", FLAG, "", 0, 0, "categories as zeros and ones, without embeddings: to compare", NULL) \
    X(RANGE, "range", TEXT, "LOW,HIGH", 0, 0, "answers lie between these (with --log: logarithms)", NULL) \
    X(USER_COLUMN, "user", TEXT, "COLUMN", 0, 0, "column of users", NULL)                          \
    X(ITEM_COLUMN, "item", TEXT, "COLUMN", 0, 0, "column of items", NULL)                          \
    X(RATING_COLUMN, "rating", TEXT, "COLUMN", 0, 0, "column of ratings; of clicks: how many", "rating; of clicks: 1 a row") \
    X(TIME_COLUMN, "time", TEXT, "COLUMN", 0, 0, "column of times", "later rows are later")        \
    X(RATINGS_LOSS, "loss", CHOICE, "mse|bpr|weighted", 0, 0,                                      \
      "mse: of ratings; for clicks, bpr: clicked before others; weighted: clicked 1, others 0", NULL) \
    X(NEGATIVES, "negatives", WHOLE, "N", 1, 1000, "--loss weighted: items drawn for each click", NULL) \
    X(CONFIDENCE, "confidence", REAL, "A", 0, 1e6, "--loss weighted: a click weighs 1 + A clicks", NULL) \
    X(RATINGS_SPLIT, "split", CHOICE, "random|time|last|column|file", 0, 0,                        \
      "which ratings validate; last: each user's last", "random")                                  \
    X(VALID_DATA, "valid-data", TEXT, "TABLE", 0, 0, "--split file: the ratings that validate", NULL) \
    X(RATINGS_MODEL, "model", CHOICE, "dot|neural", 0, 0,                                          \
      "dot: product of two vectors, and biases; neural: hidden layers over both", NULL)            \
    X(FACTORS, "factors", WHOLE, "N", 1, 4096, "numbers in the vector of a user or item", NULL)    \
    X(LAZY, "lazy", FLAG, "", 0, 0,                                                                \
      "a step leaves what is not in the batch (users, items, values): faster where they are many", NULL) \
    X(TITLES, "titles", TEXT, "FILE:ID:TITLE", 0, 0, "table of items and its columns of ids and titles", NULL) \
    X(TITLES_SEPARATOR, "titles-sep", TEXT, "CHARACTER", 0, 0, "as --sep, of --titles", NULL)      \
    X(TITLES_ENCODING, "titles-encoding", CHOICE, "utf-8|latin-1", 0, 0, "of --titles", "utf-8")   \
    X(TITLES_NO_HEADER, "titles-no-header", FLAG, "", 0, 0, "as --no-header, of --titles", NULL)   \
    X(RANK_AT, "rank-at", WHOLE, "K", 1, 10000, "precision, recall, NDCG, MRR and coverage at K", NULL) \
    X(RELEVANT, "relevant", REAL, "RATING", -1e30, 1e30, "an item is relevant from this rating on", \
      "the mean rating")                                                                           \
    X(FOLD_IN, "fold-in", FLAG, "", 0, 0, "measure what folding users in costs", NULL)             \
    X(USER_ID, "user", TEXT, "ID", 0, 0, "the user", NULL)                                         \
    X(ITEM_ID, "item", TEXT, "ID", 0, 0, "the item", NULL)                                         \
    X(NEW_RATINGS, "ratings", TEXT, "TABLE", 0, 0, "ratings of someone or something new", NULL)    \
    X(RATED_BY, "rated-by", WHOLE, "N", 1, 1e15, "only items with so many ratings", "1")           \
    X(AMONG, "among", TEXT, "TABLE", 0, 0, "only items of this table's column of items", NULL)     \
    X(WITH_SEEN, "with-seen", FLAG, "", 0, 0, "also what the user has rated", NULL)                \
    X(LM_RECIPE, "recipe", CHOICE, "wikitext2", 0, 0, "sizes and words of a known experiment; options beside it count", NULL) \
    X(ENCODER, "encoder", TEXT, "RUN", 0, 0, "language model to start from: words by name, new ones as the mean of all", NULL) \
    X(BACKWARD, "backward", FLAG, "", 0, 0, "read each text from its end", NULL)                   \
    X(EMBEDDING, "embedding", WHOLE, "WIDTH", 1, 65536, "width of the words' vectors", NULL)       \
    X(LSTM_HIDDEN, "hidden", WHOLE, "WIDTH", 1, 65536, "units of the layers between", NULL)        \
    X(LAYERS, "layers", WHOLE, "N", 1, 8, "recurrent layers", NULL)                                \
    X(QRNN, "qrnn", FLAG, "", 0, 0, "quasi-recurrent layers, not LSTMs; those of --encoder are as they are", NULL) \
    X(DROPOUT_FACTOR, "dropout", REAL, "FACTOR", 0, 3.99, "multiplies all five dropouts", NULL)    \
    X(BPTT, "bptt", WHOLE, "STEPS", 1, 65536, "time steps of a batch", NULL)                       \
    X(VARIABLE_BPTT, "variable-bptt", FLAG, "", 0, 0, "draw the steps of each batch around --bptt (0.7)", NULL) \
    X(STREAMS, "batch-size", WHOLE, "N", 1, 65536, "streams of text side by side", NULL)           \
    X(MOMENTA, "moms", TEXT, "HIGH,LOW", 0, 0, "momentum of the one-cycle schedule", ".8,.7")      \
    X(PROMPT, "prompt", TEXT, "TEXT", 0, 0, "how the text begins", "as the training texts do")     \
    X(WORDS, "words", WHOLE, "N", 0, 16777216, "words to write", NULL)                             \
    X(TEMPERATURE, "temperature", REAL, "T", 0, 1e6, "below 1: likelier words; 0: the likeliest", NULL) \
    X(TOP_K, "top-k", WHOLE, "K", 0, 16777216, "among the K likeliest words; 0: all", NULL)        \
    X(TOP_P, "top-p", REAL, "P", 1e-9, 1, "among the likeliest words that have probability P together", NULL) \
    X(TEXT_TOKENS, "tokens", CHOICE, "words|blanks|characters|pieces", 0, 0, "what texts are cut into", "words") \
    X(TEXT_RULES, "rules", CHOICE, "fastai2|fastai07|none", 0, 0, "what is done to texts before", "fastai2") \
    X(PIECES, "pieces", TEXT, "FILE.model", 0, 0, "SentencePiece model; sets --tokens pieces, --rules none", NULL)  \
    X(MIN_FREQ, "min-freq", WHOLE, "N", 0, 1000000000, "a word must be met so often to count", "3") \
    X(MAX_VOCABULARY, "max-vocab", WHOLE, "N", 0, 16777216, "words to know at most", "60000")      \
    X(DOCUMENT, "document", CHOICE, "file|line", 0, 0, "what one text of a text file is", "file")  \
    X(TEXT_COLUMN, "text-column", TEXT, "COLUMNS", 0, 0, "columns of tables that hold the text, commas between", "text, review, sentence ..., or the only one") \
    X(LABEL_COLUMN, "label-column", TEXT, "COLUMNS", 0, 0, "columns of tables that hold the answers, commas between", "label, sentiment, class or target; of tags: tags, labels or label") \
    X(TEXT_TARGET, "target-type", CHOICE, "label|tags|numbers", 0, 0, "what a text answers to: a class, any tags, numbers", "label") \
    X(TEXT_ENCODER, "encoder", TEXT, "RUN", 0, 0, "language model or text classifier to start from", "from nothing") \
    X(TEXT_FREEZE_EPOCHS, "freeze-epochs", WHOLE, "N", 0, 10000, "epochs of the head, then with one layer, then with two", NULL) \
    X(TEXT_SCHEDULE, "schedule", CHOICE, "one-cycle|slanted", 0, 0, "rate over a stage", "one-cycle") \
    X(RATE_FACTOR, "rate-factor", REAL, "FACTOR", 1, 1e6, "how far a layer's rate is below that of the one above", NULL) \
    X(TEXTS, "batch-size", WHOLE, "N", 2, 4096, "texts in a batch", NULL)                          \
    X(MAX_LENGTH, "max-len", WHOLE, "STEPS", 1, 1000000, "an answer reaches back over so many last steps", NULL) \
    X(BACKWARD_MODEL, "backward-model", TEXT, "RUN", 0, 0, "another model whose answers are averaged in", "none") \
    X(EXPLAIN, "explain", FLAG, "", 0, 0, "tell the words that mattered", NULL)                    \
    X(WORDS_PAGE, "html", TEXT, "FILE", 0, 0, "write a page with the words that mattered", NULL)   \
    X(QUIET, "quiet", FLAG, "", 0, 0, "print the result only", NULL)                               \
    X(JSON, "json", FLAG, "", 0, 0, "print one JSON object a line", NULL)                          \
    X(HELP, "help", FLAG, "", 0, 0, "print this", NULL)
/* clang-format on */

typedef enum cli_option_id {
#define X(id, ...) CLI_##id,
    CLI_OPTION_LIST(X)
#undef X
        CLI_OPTION_COUNT
} cli_option_id;

/* `set`: by the user, or by the command as its default. */
typedef struct cli_value {
    bool set;
    bool given;       /* by the user */
    bool flag;        /* FLAG, SWITCH */
    int64_t whole;    /* WHOLE */
    double real;      /* REAL */
    const char *text; /* TEXT, CHOICE */
} cli_value;

/* Reads `argv` (without the command's words) into `call`. An exit code; failures are told. */
int cli_options_parse(const struct cli_command *command, int argc, char **argv,
                      struct cli_call *call);

/* Name of an option that the user gave beside `alone` and those that say how to show things; NULL: none. */
const char *cli_options_beside(const struct cli_call *call, cli_option_id alone);

/* The help of one command on standard output. */
void cli_options_help(const struct cli_command *command);

#endif
