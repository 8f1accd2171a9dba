# SPDX-License-Identifier: Apache-2.0
"""Every name of fast.ai 0.7's modules, and its state: "yes", "part" (with what is missing) or "no" (with why, or
what to use). `python -m burnish.fastai07.names` prints the table of docs/fastai07.md."""
from ..errors import UnsupportedError

_LAYERS = "networks are the library's own; custom PyTorch modules are not run"
_LM = "`burnish lm` and `burnish text`"
_RNN = ("made by get_model, or of what get_language_model and get_rnn_classifer describe; a language model's metrics are accuracy and its "
        "loss, it has no predict, and learn.model only state_dict and load_state_dict")
_MEMORY = "there is no GPU, and the library keeps its own memory"


def _all(state, note, words):
    return {word: (state, note) for word in words.split()}


def _yes(words):
    return _all("yes", "", words)


#: {module: {name: (state, note)}}
MODULES = {
    "imports": {
        **_yes("np pd plt os sys re math json random time glob shutil pickle itertools collections partial Path warnings reduce"),
        **_all("no", "`PIL`, `tqdm` and `IPython` are imported by name where they are wanted", "tqdm trange tnrange tqdm_notebook"),
    },
    "torch_imports": {
        **_yes("resnet18 resnet34 resnet50 resnet101 resnet152 resnext50 wrn vgg16 vgg19 dn121 optim"),
        **_all("no", "another network, resnext101_32x8d, is there under its own name", "resnext101 resnext101_64"),
        **_all("no", "the library has no such network", "dn161 dn169 dn201 inception_4 inceptionresnet_2 nasnetalarge"),
        **_all("no", "models are files of the library: `learn.save`, `learn.load`", "save_model load_model load_pre"),
        "torch": ("part", "torch.load, which gives arrays; PyTorch's own is there where a script imports it behind fast.ai's names"),
        **_all("no", _LAYERS, "children nn Variable"),
    },
    "core": {
        **_yes("A T V VV to_np to_gpu partition partition_by_cores even_mults"),
        **_all("no", _LAYERS, "set_grad_enabled set_trainable noop split_by_idxs one_hot chunk_iter BasicModel SingleModel SimpleNet"),
        "SGD_Momentum": ("yes", ""),
        "num_cpus": ("yes", ""),
        "save": ("yes", ""),
        "load": ("yes", ""),
    },
    "transforms": {
        **_yes("tfms_from_model transforms_basic transforms_side_on transforms_top_down imagenet_stats CropType "
               "RandomRotate RandomLighting RandomFlip RandomDihedral RandomStretch RandomZoom RandomRotateZoom "
               "RandomBlur Cutout TfmType"),
        "tfms_from_stats": ("part", "ImageNet's statistics; the library takes those that the network was trained with"),
        "inception_stats": ("part", "known, but no network of the library wants them"),
        **_all("no", "the library resizes, crops and normalises by itself; `tfms_from_model` has the choices",
               "Scale RandomScale CenterCrop RandomCrop NoCrop GoogleNetResize AddPadding Normalize Denormalize ChannelOrder "
               "RandomRotateXY Transform CoordTransform Transforms image_gen scale_min crop center_crop dihedral lighting "
               "rotate_cv no_crop stretch_cv zoom_cv googlenet_resize cutout scale_to RandomScaleXY RandomCropXY ScaleXY "
               "CenterCropXY NoCropXY compose noop_transform"),
    },
    "dataset": {
        "ImageClassifierData": ("part", "from_paths, from_csv, from_names_and_array, from_path_and_array; from_arrays is not there"),
        "get_cv_idxs": ("yes", ""),
        "split_by_idx": ("yes", ""),
        "ImageData": ("yes", ""),
        "ModelData": ("part", "of DataLoaders of a TextDataset"),
        **_all("no", "data are listed and read by the library",
               "FilesDataset FilesArrayDataset FilesIndexArrayDataset FilesNhotArrayDataset ArraysDataset "
               "ArraysIndexDataset ArraysNhotDataset BaseDataset FilesIndexArrayRegressionDataset resize_img resize_imgs "
               "open_image read_dir read_dirs folder_source parse_csv_labels nhot_labels csv_source dict_source isdicom n_hot"),
    },
    "dataloader": {"DataLoader": ("part", "of a TextDataset; the library makes the batches, none is handed out")},
    "sampler": _all("no", "the library orders by itself", "SequentialSampler RandomSampler BatchSampler"),
    "model": _all("no", _LAYERS, "fit validate Stepper FP16 predict predict_with_targs get_prediction predict_batch "
                                 "model_summary num_features cut_model validate_next link_data_loaders set_train_mode get_value"),
    "conv_learner": {
        "ConvLearner": ("part", "pretrained with xtra_fc and ps; xtra_cut, custom_head and lsuv_learner are not there"),
        "model_meta": ("yes", ""),
        "ConvnetBuilder": ("no", _LAYERS),
    },
    "learner": {
        "Learner": ("part", "the methods; custom models are not trained. fit: swa, norm_wds, wds_sched_mult, best_save_name are not "
                            "there; of pictures other metrics than accuracy are computed at a fit's end, of its last epoch"),
    },
    "layer_optimizer": _all("no", "rates and decays are one a layer group in `learn.fit`",
                            "LayerOptimizer opt_params set_lrs set_wds"),
    "sgdr": {
        "Callback": ("part", "on_train_begin, on_batch_end, on_epoch_end, on_train_end"),
        "LR_Finder": ("part", "what `learn.sched` is: plot, plot_lr (with the momentum), plot_loss"),
        **_all("no", "schedules are chosen by the arguments of `learn.fit`",
               "LossRecorder LR_Updater LR_Finder2 CosAnneal CircularLR CircularLR_beta SaveBestModel WeightDecaySchedule "
               "TrainingPhase DecayType OptimScheduler DecayScheduler LoggingCallback"),
    },
    "swa": _all("no", "weight averaging is `burnish image train --swa` where there is one", "SWA collect_bn_modules fix_batchnorm"),
    "plots": {
        "plot_confusion_matrix": ("yes", ""),
        "plots": ("yes", ""),
        "plots_from_files": ("yes", ""),
        "load_img_id": ("yes", ""),
        "ImageModelResults": ("part", "most_correct, most_incorrect and most_uncertain give indices; plots need matplotlib and PIL"),
        "plots_raw": ("no", "`plots`"),
    },
    "metrics": {
        **_yes("accuracy accuracy_np accuracy_thresh accuracy_multi accuracy_multi_np recall precision fbeta f1 recall_np "
               "precision_np fbeta_np f1_np"),
    },
    "planet": {"f2": ("yes", ""), "opt_th": ("yes", "")},
    "layers": _all("no", _LAYERS, "AdaptiveConcatPool2d Lambda Flatten"),
    "initializers": _all("no", _LAYERS, "cond_init apply_init apply_leaf"),
    "losses": _all("no", _LAYERS, "FocalLoss VariationLoss"),
    "lsuv_initializer": _all("no", _LAYERS, "apply_lsuv_init"),
    "fp16": _all("no", "float16 is not computed in; `precision='bf16'` of Burnish's own training and learners is bfloat16", "FP16 copy_model_to_fp32"),
    "column_data": {
        "CollabFilterDataset": ("part", "from_csv, from_data_frame, get_learner; of a pair that is rated twice the later rating counts"),
        "CollabFilterLearner": ("part", "made by CollabFilterDataset.get_learner; predict gives (N), of the rows that validate"),
        "EmbeddingDotBias": ("part", "what learn.model is: u, i, ub and ib give rows by place; no module"),
        "ColumnarModelData": ("part", "from_data_frame, from_data_frames, from_arrays; the loss of several numbers is of scaled ones"),
        "ColumnarDataset": ("part", "what trn_ds, val_ds and test_ds are: y and the columns"),
        "MixedInputModel": ("part", "a description for StructuredLearner, no module; how many values a category has is counted"),
        **_yes("StructuredModel"),
        "StructuredLearner": ("part", "of a MixedInputModel; custom models are not trained"),
        **_all("no", _LAYERS, "EmbeddingModel CollabFilterModel PassthruDataset emb_init get_emb"),
    },
    "structured": {
        **_yes("train_cats apply_cats fix_missing numericalize proc_df add_datepart split_vals get_sample rf_feat_importance"),
        "scale_vars": ("part", "the scales are a dict of means and deviations, no DataFrameMapper"),
        **_all("no", "scikit-learn's own `max_samples`", "set_rf_samples reset_rf_samples"),
        "draw_tree": ("no", "scikit-learn's own `plot_tree`"),
        "get_nn_mappers": ("no", "`burnish.table` scales numbers itself"),
        "combine_date": ("no", "pandas' own `to_datetime`"),
    },
    "nlp": {
        "LanguageModelData": ("part", "from_text_files, from_dataframes, get_model; begins of texts are marked, not their ends; the tokens "
                                      "of trn_ds are not handed out"),
        "TextData": ("part", "from_splits, get_model; predict gives texts in their order; words are those of the encoder, or counted anew"),
        "RNN_Learner": ("part", _RNN),
        **_all("no", _LM, "LanguageModel TextDataLoader SortSampler DotProdNBData IMDB"),
        "TextClassifierData": ("part", "from_bow and dotprod_nb_learner; it learns by cross-entropy, where 0.7 took the distance of probabilities"),
        "DotProdNB": ("part", "a description for dotprod_nb_learner, no module"),
        "BOW_Learner": ("part", "of a DotProdNB; predict gives probabilities, their targets are rows of 0 and 1"),
        **_yes("calc_r calc_pr"),
        "SimpleNB": ("no", "dotprod_nb_learner; naive Bayes alone is calc_r and a product"),
    },
    "text": {
        "Tokenizer": ("part", "English, by the library's splitter; proc_text, proc_all, proc_all_mp, spacy_tok and sub_br; `fixup` is in it"),
        "TextDataset": ("part", "one class a text; tags and numbers are not there"),
        "LanguageModelLoader": ("part", "the stream and its length; batches are not handed out"),
        "LanguageModelData": ("part", "of two LanguageModelLoaders; model files know words by their numbers; numbers that no text that "
                                      "trains has are unknown"),
        "LanguageModel": ("part", "of what get_language_model describes"),
        "TextModel": ("part", "of what get_rnn_classifer describes"),
        "RNN_Learner": ("part", _RNN),
        "SortishSampler": ("part", "the library trains in such an order, drawn by itself"),
        **_yes("SortSampler texts_labels_from_folders numericalize_tok"),
    },
    "lm_rnn": {
        "seq2seq_reg": ("part", "as learn.reg_fn, alone or in a partial"),
        "get_language_model": ("part", "a description for RNN_Learner, no module"),
        "get_rnn_classifer": ("part", "a description for RNN_Learner, no module; bidir and more than one hidden layer of the head are not there"),
        "get_rnn_classifier": ("part", "get_rnn_classifer by its right name"),
        **_all("no", _LM, "RNN_Encoder MultiBatchRNN LinearDecoder PoolingLinearClassifier SequentialRNN repackage_var"),
    },
    "rnn_reg": _all("no", _LM, "LockedDropout WeightDrop EmbeddingDropout dropout_mask"),
    "rnn_train": _all("no", _LM, "train evaluate get_batch"),
    "io": _all("no", "fetch with a tool of your choice", "get_data TqdmUpTo"),
    "utils": _all("no", _MEMORY, "get_gpu_mem"),
    "adaptive_softmax": _all("no", _LAYERS, "AdaptiveSoftmax AdaptiveLoss"),
    "torchqrnn": _all("no", "`burnish lm train --qrnn`", "QRNN QRNNLayer"),
    "transforms_pil": _all("no", "the transforms of `fastai.transforms`", "Cutout"),
}


class Missing:
    """Stands for a name that is not there, so that `import *` goes well; every use raises."""

    def __init__(self, name, note):
        object.__setattr__(self, "_said", (name, note))

    def _raise(self, *arguments, **keywords):
        name, note = object.__getattribute__(self, "_said")
        raise UnsupportedError(f"{name} of fast.ai 0.7 is not there: {note}")

    __call__ = __getitem__ = __iter__ = __len__ = __mro_entries__ = __enter__ = _raise

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        self._raise()

    def __setattr__(self, attribute, value):
        self._raise()

    def __repr__(self):
        return f"<{object.__getattribute__(self, '_said')[0]}: not there>"


def unsupported(what, instead):
    """Raises for an argument or a method that is not there."""
    raise UnsupportedError(f"{what} of fast.ai 0.7 is not there: {instead}")


def finish(names, module):
    """Adds to a module's names those that raise."""
    for name, (state, note) in MODULES[module].items():
        if state == "no":
            names[name] = Missing(f"fastai.{module}.{name}", note)


def table():
    """The lines of docs/fastai07.md: a module, then its names by state."""
    lines = ["| module | name | state | what is missing, or what to use |", "|---|---|---|---|"]
    for module, names in MODULES.items():
        groups = {}
        for name, key in names.items():
            groups.setdefault(key, []).append(f"`{name}`")
        for (state, note), words in groups.items():
            lines.append(f"| `{module}` | {' '.join(words)} | {state} | {note} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
