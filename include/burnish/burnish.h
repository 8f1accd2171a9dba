/* SPDX-License-Identifier: Apache-2.0
 *
 * All of Burnish. One header per noun; the order is a reading order.
 */
#ifndef BURNISH_H
#define BURNISH_H

#include "burnish/status.h"
#include "burnish/tensor.h"
#include "burnish/graph.h"
#include "burnish/ops.h"
#include "burnish/parameters.h"
#include "burnish/runner.h"
#include "burnish/nn.h"
#include "burnish/model_zoo.h"
#include "burnish/network.h"
#include "burnish/optimizer.h"
#include "burnish/schedule.h"
#include "burnish/phases.h"
#include "burnish/weights.h"
#include "burnish/imagenet.h"
#include "burnish/image_data.h"
#include "burnish/data_check.h"
#include "burnish/data_split.h"
#include "burnish/table_data.h"
#include "burnish/text_data.h"
#include "burnish/arrow.h"
#include "burnish/events.h"
#include "burnish/options.h"
#include "burnish/lr_finder.h"
#include "burnish/lr_plot.h"
#include "burnish/data_tools.h"
#include "burnish/image.h"
#include "burnish/image_lr_find.h"
#include "burnish/image_learner.h"
#include "burnish/array_learner.h"
#include "burnish/predictions.h"
#include "burnish/interpret.h"
#include "burnish/runs.h"
#include "burnish/preview.h"
#include "burnish/table.h"
#include "burnish/ratings.h"
#include "burnish/lm.h"
#include "burnish/text.h"
#include "burnish/table_interpret.h"
#include "burnish/table_lr_find.h"
#include "burnish/version.h"

#endif
